//go:build unix

package logs

import "golang.org/x/sys/unix"

// anonymous returns memory outside of Go's heap, so that a buffer that was
// used once can be given back to the system.
func anonymous(n int) []byte {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return make([]byte, n)
	}
	return b
}

// giveBack leaves memory empty, and to the system until it is used again.
func giveBack(b []byte) { unix.Madvise(b, unix.MADV_DONTNEED) }

// release ends what anonymous returned.
func release(b []byte) { unix.Munmap(b) }
