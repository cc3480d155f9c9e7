//go:build !linux

package engine

import "os/exec"

// endWithParent does nothing: there is no signal at a parent's end here.
func endWithParent(*exec.Cmd) {}
