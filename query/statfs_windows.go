package query

import "golang.org/x/sys/windows"

// statfs gives bytes of the volume that holds path.
func statfs(path string) (total, used, available uint64, err error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, 0, 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(name, &available, &total, &free)
	return total, total - free, available, err
}
