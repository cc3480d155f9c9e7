//go:build unix

package query

import "golang.org/x/sys/unix"

// statfs gives bytes of the file system that holds path, as df counts them.
func statfs(path string) (total, used, available uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, 0, err
	}
	size := uint64(s.Bsize)
	return s.Blocks * size, (s.Blocks - s.Bfree) * size, uint64(s.Bavail) * size, nil
}
