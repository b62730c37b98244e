package logs

import (
	"golang.org/x/sys/unix"

	"muster/internal/logs/follow"
)

// written reports whether some process has the file open for writing: a read
// lease is granted only if none has (fcntl(2), F_SETLEASE). fd is open for
// reading only.
func written(fd follow.FD) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
	if err == nil {
		unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_UNLCK)
	}
	return err == unix.EAGAIN
}
