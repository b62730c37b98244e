//go:build unix

package local

import "syscall"

// PlaceAt is the zero Place where there is nothing.
func PlaceAt(path string) Place {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return Place{}
	}
	return Place{path, uint64(st.Dev), st.Ino}
}
