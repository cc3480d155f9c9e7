//go:build !linux

package command

import "os"

// endWithParent calls ended when the parent process ends.
func endWithParent(ended func()) { watchParent(os.Getppid(), ended) }
