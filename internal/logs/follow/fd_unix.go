//go:build unix

package follow

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// OpenFD opens a file, which nobody but its owner may read if it is made.
func OpenFD(path string, flags int) (FD, error) {
	for {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o600)
		if err == nil {
			return FD(fd), nil
		}
		if err != unix.EINTR {
			return -1, &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// OpenRegular is OpenFD for a regular file. It waits for nobody, and refuses
// whatever else somebody has put in its place.
func OpenRegular(path string, flags int) (FD, error) {
	if flags&unix.O_ACCMODE != unix.O_RDONLY {
		flags |= unix.O_NOFOLLOW // nothing is written to where a link leads
	}
	fd, err := OpenFD(path, flags|unix.O_NONBLOCK)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(int(fd), &st); err != nil {
		err = &fs.PathError{Op: "stat", Path: path, Err: err}
	} else if kind := st.Mode & unix.S_IFMT; kind == unix.S_IFDIR {
		err = fmt.Errorf("%s is a folder, not a file", path)
	} else if kind != unix.S_IFREG {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		fd.Close()
		return -1, err
	}
	return fd, nil
}

// Pread reads once: what is short of len(b) ends at the end of the file.
func (fd FD) Pread(b []byte, off int64) (int, error) {
	for {
		n, err := unix.Pread(int(fd), b, off)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// Pwrite writes all of b at off.
func (fd FD) Pwrite(b []byte, off int64) error {
	for len(b) > 0 {
		n, err := unix.Pwrite(int(fd), b, off)
		if err != nil && err != unix.EINTR {
			return err
		}
		b, off = b[max(n, 0):], off+int64(max(n, 0))
	}
	return nil
}

// Write writes all of b where the file stands.
func (fd FD) Write(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(int(fd), b)
		if err != nil && err != unix.EINTR {
			return err
		}
		b = b[max(n, 0):]
	}
	return nil
}

// Truncate cuts the file after size bytes.
func (fd FD) Truncate(size int64) error { return unix.Ftruncate(int(fd), size) }

// Stat returns which file it is, and its size.
func (fd FD) Stat() (Inode, int64, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(fd), &st)
	return inodeOf(&st), st.Size, err
}

// NextData returns the first offset from off on that is in no hole of the file,
// at most its end; off itself where the file system does not tell.
func (fd FD) NextData(off int64) int64 {
	at, err := unix.Seek(int(fd), off, unix.SEEK_DATA)
	if err == unix.ENXIO { // nothing but a hole follows
		at, err = unix.Seek(int(fd), 0, unix.SEEK_END)
	}
	if err != nil {
		return off
	}
	return max(at, off)
}

// Close closes the file.
func (fd FD) Close() { unix.Close(int(fd)) }

// Stat returns which file a path leads to, and its size.
func Stat(path string) (Inode, int64, error) {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	return inodeOf(&st), st.Size, err
}

func inodeOf(st *unix.Stat_t) Inode {
	return Inode{Dev: uint64(st.Dev), Ino: st.Ino} //nolint:unconvert // an int32 on macOS
}
