//go:build unix

package sink

import (
	"os"

	"golang.org/x/sys/unix"
)

// WatchReader calls gone when nobody reads the pipe w any more, which a writer
// would else only learn by writing: a quiet stream would outlive its reader.
func WatchReader(w *os.File, gone func()) {
	info, err := w.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return
	}
	go func() {
		for {
			fds := []unix.PollFd{{Fd: int32(w.Fd())}}
			_, err := unix.Poll(fds, -1)
			if err == nil && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0 {
				gone()
				return
			}
			if err != nil && err != unix.EINTR {
				return
			}
		}
	}()
}
