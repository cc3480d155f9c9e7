package engine

import (
	"os/exec"
	"syscall"
)

// endWithParent has a command end when baleen does, however that ends, and not by
// what is typed on a terminal: actions that are under way are waited for.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
