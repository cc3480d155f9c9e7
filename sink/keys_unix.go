//go:build linux || darwin

package sink

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Typed reports whether keys that are typed at the terminal f come to baleen, as they
// do unless it runs in the background.
func Typed(f *os.File) bool {
	group, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp() && term.IsTerminal(int(f.Fd()))
}

// Watch calls quit when q is typed at the terminal f, which shows no keys from now
// on and passes each on at once. Ctrl-C stays a signal.
func (k *Keyboard) Watch(f *os.File, quit func()) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.restore != nil { // it is watched already
		return nil
	}
	before, err := unix.IoctlGetTermios(int(f.Fd()), getTerminal)
	if err != nil {
		return err
	}
	keys := *before
	keys.Lflag &^= unix.ICANON | unix.ECHO
	keys.Cc[unix.VMIN], keys.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(int(f.Fd()), setTerminal, &keys); err != nil {
		return err
	}
	k.restore = func() {
		if Typed(f) {
			unix.IoctlSetTermios(int(f.Fd()), setTerminal, before)
		}
	}
	signal.Ignore(syscall.SIGTTIN) // what was sent to the background reads nothing, and goes on
	go func() {
		for b := make([]byte, 1); ; {
			if n, err := f.Read(b); err != nil || n == 1 && b[0] == 'q' {
				if err == nil {
					quit()
				}
				return
			}
		}
	}()
	return nil
}
