package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"baleen/source/record"
)

// Report writes messages and keeps the exit code of the most serious one.
type Report struct {
	Code     int
	Underway atomic.Int64 // requests that act
	Tally    Tally

	Stderr  io.Writer
	Visible func(string) string // writes out what could steer a terminal
	Width   func() int          // of the terminal that messages are wrapped to, 0 for none
	where   string              // stands before each message
}

// Obey ends baleen by a signal: what is under way is waited for, a second signal
// ends it at once, and so does a second in which no action is under way, since
// the filter may be in a loop or nobody may read. Before it ends so, restore is called.
func (r *Report) Obey(signals chan os.Signal, cancel context.CancelCauseFunc, restore func()) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if s != syscall.SIGHUP || !signal.Ignored(s) { // as nohup has it
			signal.Notify(signals, s)
		}
	}
	go func() {
		s := Signal{(<-signals).(syscall.Signal)}
		cancel(s)
		again := false
		for idle := time.Now(); !again && time.Since(idle) < time.Second; {
			select {
			case <-signals:
				again = true
			case <-time.After(20 * time.Millisecond):
			}
			if r.Underway.Load() > 0 {
				idle = time.Now()
			}
		}
		restore()
		os.Exit(s.ExitCode())
	}()
}

// Within runs one of several command lines, and reports whether it failed.
func (r *Report) Within(where string, line func() error) (failed bool) {
	before := r.Code
	r.where, r.Code = where, 0
	r.Add(line())
	failed = r.Code != 0
	r.Exit(before)
	r.where = ""
	return failed
}

// Add writes what an error says, and keeps its exit code.
func (r *Report) Add(err error) {
	if err == nil {
		return
	}
	code := ExitCode(err)
	var halt interface{ HaltText() string } // of a filter that ended the run
	switch {
	case errors.As(err, &halt):
		io.WriteString(r.Stderr, halt.HaltText())
	case code < 128 && !errors.As(err, &Signal{}): // those who end baleen know that they did
		fmt.Fprintln(r.Stderr, WrapMessage("baleen: "+r.where+r.Visible(err.Error()), r.Width()))
	}
	r.Exit(code)
}

// Exit keeps an exit code if it is more serious than the one so far.
func (r *Report) Exit(code int) {
	// From least to most serious. A filter's own halt_error code stands with 5.
	order := []int{0, 4, 5, 1, 3, 2}
	rank := func(code int) int {
		if code >= 128 {
			return len(order)
		}
		return max(slices.Index(order, code), 2*min(code, 1))
	}
	if rank(code) > rank(r.Code) {
		r.Code = code
	}
}

// ExitCode is the exit code of an error; a reader that went away is 141.
func ExitCode(err error) int {
	if errors.Is(err, syscall.EPIPE) {
		return 128 + int(syscall.SIGPIPE)
	}
	return record.ExitCode(err)
}

// Quit stands for a signal when q was typed.
const Quit = syscall.Signal(0)

// Signal is the signal that ended baleen, or [Quit].
type Signal struct{ syscall.Signal }

func (e Signal) Error() string { return e.String() }

// ExitCode is what shells report of a program that a signal ended.
func (e Signal) ExitCode() int {
	if e.Signal == Quit {
		return 0
	}
	return 128 + int(e.Signal)
}
