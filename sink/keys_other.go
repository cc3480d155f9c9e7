//go:build !linux && !darwin

package sink

import (
	"errors"
	"os"
)

// Typed is false: single keys cannot be read here.
func Typed(f *os.File) bool { return false }

// Watch fails, see [Typed].
func (k *Keyboard) Watch(f *os.File, quit func()) error { return errors.ErrUnsupported }
