package command

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// endWithParent has the kernel send SIGTERM when the parent process ends.
// ended is for a parent that ended just before.
func endWithParent(ended func()) {
	parent := os.Getppid()
	err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0, 0, 0)
	if err != nil {
		watchParent(parent, ended)
	} else if os.Getppid() != parent {
		go ended()
	}
}
