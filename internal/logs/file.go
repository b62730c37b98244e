package logs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

// tailSize is how many bytes before the position are remembered to tell that a
// file was truncated and has grown past the position again. It must span more
// than a line: lines often differ in a number only.
const tailSize = 256

// identity is what tells one file from another, whatever their names.
type identity struct{ dev, ino uint64 }

// tail holds the last bytes before a position.
type tail struct {
	n int
	b [tailSize]byte
}

func (t *tail) bytes() []byte { return t.b[:t.n] }

// push makes the tail that of the position behind data.
func (t *tail) push(data []byte) {
	if len(data) >= tailSize {
		t.n = copy(t.b[:], data[len(data)-tailSize:])
		return
	}
	keep := min(t.n, tailSize-len(data))
	copy(t.b[:], t.b[t.n-keep:t.n])
	t.n = keep + copy(t.b[keep:], data)
}

func (t *tail) hash() uint64 { return hash(t.bytes()) }

// hash is FNV-1a.
func hash(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// followed is an open file and how far it has been read.
type followed struct {
	fd  int
	id  identity
	off int64
	tail
}

// errShrunk says that a file no longer holds what was read of it.
var errShrunk = errors.New("file was truncated")

func openFollowed(path string) (*followed, error) {
	// A FIFO would be waited for until somebody writes to it.
	fd, err := openFile(path, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	f := &followed{fd: fd}
	st, err := fstat(fd)
	if err != nil {
		unix.Close(fd)
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	f.id = identityOf(&st)
	return f, nil
}

// read reads what follows the position into buf and returns it. It leaves the
// position where it is. errShrunk means that the position is no longer valid.
func (f *followed) read(buf []byte) ([]byte, error) {
	n, err := pread(f.fd, buf, f.off-int64(f.n))
	if err != nil {
		return nil, err
	}
	if n < f.n || !bytes.Equal(buf[:f.n], f.bytes()) {
		return nil, errShrunk
	}
	return buf[f.n:n], nil
}

// seek moves the position to off and reads the tail before it; it reports
// whether the file reaches that far.
func (f *followed) seek(off int64) (bool, error) {
	f.off, f.n = off, int(min(off, tailSize))
	n, err := pread(f.fd, f.b[:f.n], off-int64(f.n))
	return n == f.n, err
}

// intact reports whether the bytes before the position are still there.
func (f *followed) intact() (bool, error) {
	var b [tailSize]byte
	n, err := pread(f.fd, b[:f.n], f.off-int64(f.n))
	return err == nil && bytes.Equal(b[:n], f.bytes()), err
}

// advance moves the position behind data, which was read from it.
func (f *followed) advance(data []byte) {
	f.off += int64(len(data))
	f.push(data)
}

// restart moves the position to the beginning.
func (f *followed) restart() { f.off, f.n = 0, 0 }

func (f *followed) size() (int64, error) {
	st, err := fstat(f.fd)
	return st.Size, err
}

func (f *followed) close() { unix.Close(f.fd) }

func identityOf(st *unix.Stat_t) identity {
	return identity{dev: uint64(st.Dev), ino: st.Ino}
}

// The calls below go to the kernel directly: os.File would read twice to see
// the end, and its finalizer and poller are of no use for regular files.

func openFile(path string, flags int) (int, error) {
	for {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o600)
		if err == nil {
			return fd, nil
		}
		if err != unix.EINTR {
			return -1, &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// pread reads once: what is short of len(b) ends at the end of the file.
func pread(fd int, b []byte, off int64) (int, error) {
	for {
		n, err := unix.Pread(fd, b, off)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

func pwrite(fd int, b []byte, off int64) error {
	for len(b) > 0 {
		n, err := unix.Pwrite(fd, b, off)
		if err != nil && err != unix.EINTR {
			return err
		}
		b, off = b[max(n, 0):], off+int64(max(n, 0))
	}
	return nil
}

func write(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err != nil && err != unix.EINTR {
			return err
		}
		b = b[max(n, 0):]
	}
	return nil
}

// copyBytes appends the bytes from off to end of one file to another.
func copyBytes(to, from int, off, end int64, buf []byte) error {
	for off < end {
		n, err := pread(from, buf[:min(int64(len(buf)), end-off)], off)
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrUnexpectedEOF
		}
		if err := write(to, buf[:n]); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

func fstat(fd int) (unix.Stat_t, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	return st, err
}

func statPath(path string) (unix.Stat_t, error) {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	return st, err
}
