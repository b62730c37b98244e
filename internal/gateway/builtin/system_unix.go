//go:build unix

package builtin

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// silent tells whether a connection that does not block is open, and has nothing to
// be read.
func silent(fd uintptr) bool {
	var b [1]byte
	_, err := syscall.Read(int(fd), b[:])
	return err == syscall.EAGAIN || err == syscall.EINTR
}

// exists allocates nothing, unlike os.Stat: every request asks.
func exists(path string) bool { return unix.Access(path, unix.F_OK) == nil }
