//go:build unix

package local

import "syscall"

// noFollow fails to open a symbolic link.
const noFollow = syscall.O_NOFOLLOW

// PlaceAt is the zero Place where there is nothing.
func PlaceAt(path string) Place {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return Place{}
	}
	return Place{path, uint64(st.Dev), st.Ino} //nolint:unconvert // an int32 on macOS
}
