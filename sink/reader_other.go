//go:build !unix

package sink

import "os"

// WatchReader does nothing here: a write tells that the reader is gone.
func WatchReader(*os.File, func()) {}
