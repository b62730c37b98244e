package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// OpenFD opens a file.
func OpenFD(path string, flags int) (FD, error) {
	fd, err := syscall.Open(path, flags|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return FD(fd), nil
}

// OpenRegular is OpenFD for a regular file.
func OpenRegular(path string, flags int) (FD, error) {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return -1, fmt.Errorf("%s is a folder, not a file", path)
	} else if err == nil && !st.Mode().IsRegular() {
		return -1, fmt.Errorf("%s is no regular file", path)
	}
	return OpenFD(path, flags)
}

// Pread reads once: what is short of len(b) ends at the end of the file.
func (fd FD) Pread(b []byte, off int64) (int, error) {
	var n uint32
	err := syscall.ReadFile(syscall.Handle(fd), b, &n, at(off))
	if errors.Is(err, syscall.ERROR_HANDLE_EOF) {
		err = nil
	}
	return int(n), err
}

// Pwrite writes all of b at off.
func (fd FD) Pwrite(b []byte, off int64) error {
	for len(b) > 0 {
		var n uint32
		if err := syscall.WriteFile(syscall.Handle(fd), b, &n, at(off)); err != nil {
			return err
		}
		b, off = b[n:], off+int64(n)
	}
	return nil
}

func at(off int64) *syscall.Overlapped {
	return &syscall.Overlapped{Offset: uint32(off), OffsetHigh: uint32(off >> 32)}
}

// Write writes all of b where the file stands.
func (fd FD) Write(b []byte) error {
	for len(b) > 0 {
		n, err := syscall.Write(syscall.Handle(fd), b)
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// Truncate cuts the file after size bytes.
func (fd FD) Truncate(size int64) error { return syscall.Ftruncate(syscall.Handle(fd), size) }

// Stat returns which file it is, and its size.
func (fd FD) Stat() (Inode, int64, error) {
	var st syscall.ByHandleFileInformation
	err := syscall.GetFileInformationByHandle(syscall.Handle(fd), &st)
	return Inode{Dev: uint64(st.VolumeSerialNumber), Ino: uint64(st.FileIndexHigh)<<32 | uint64(st.FileIndexLow)},
		int64(st.FileSizeHigh)<<32 | int64(st.FileSizeLow), err
}

// NextData is off: holes are not looked for.
func (fd FD) NextData(off int64) int64 { return off }

// Close closes the file.
func (fd FD) Close() { syscall.Close(syscall.Handle(fd)) }

// Stat returns which file a path leads to, and its size.
func Stat(path string) (Inode, int64, error) {
	fd, err := OpenRegular(path, os.O_RDONLY)
	if err != nil {
		return Inode{}, 0, err
	}
	defer fd.Close()
	return fd.Stat()
}
