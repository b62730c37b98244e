// Package follow reads a log file while another process writes it. A File knows
// which file it is, how far it was read and the last bytes before that, so that
// a file which was replaced, truncated or cut is noticed. A Waiter sleeps until
// the kernel tells of a change.
package follow

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
)

// AnchorSize is how many bytes before the position are remembered to tell that
// a file was truncated and has grown past the position again. It must span
// more than a line: lines often differ in a number only.
const AnchorSize = 256

// Anchor holds the last bytes before a position.
type Anchor struct {
	n int
	b [AnchorSize]byte
}

// Bytes returns the bytes, which stay valid until the next Push.
func (a *Anchor) Bytes() []byte { return a.b[:a.n] }

// Push makes the anchor that of the position behind data.
func (a *Anchor) Push(data []byte) {
	if len(data) >= AnchorSize {
		a.n = copy(a.b[:], data[len(data)-AnchorSize:])
		return
	}
	keep := min(a.n, AnchorSize-len(data))
	copy(a.b[:], a.b[a.n-keep:a.n])
	a.n = keep + copy(a.b[keep:], data)
}

// File is an open file and how far it has been read.
type File struct {
	FD
	Inode  Inode
	Offset int64 // the position
	Anchor       // of the position
}

// ErrShrunk says that a file no longer holds what was read of it.
var ErrShrunk = errors.New("file was truncated")

// Open opens a regular file at its beginning.
func Open(path string) (*File, error) {
	fd, err := OpenRegular(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	f := &File{FD: fd}
	if f.Inode, _, err = fd.Stat(); err != nil {
		fd.Close()
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return f, nil
}

// Read reads what follows the position into buf, which is larger than an
// anchor, and returns it. It leaves the position where it is. ErrShrunk means
// that the position is no longer valid.
func (f *File) Read(buf []byte) ([]byte, error) {
	n, err := f.Pread(buf, f.Offset-int64(f.n))
	if err != nil {
		return nil, err
	}
	if n < f.n || !bytes.Equal(buf[:f.n], f.Bytes()) {
		return nil, ErrShrunk
	}
	return buf[f.n:n], nil
}

// MoveTo moves the position and reads the anchor before it; it reports whether
// the file reaches that far.
func (f *File) MoveTo(off int64) (bool, error) {
	f.Offset, f.n = off, int(min(off, AnchorSize))
	n, err := f.Pread(f.b[:f.n], off-int64(f.n))
	return n == f.n, err
}

// Intact reports whether the bytes before the position are still there.
func (f *File) Intact() (bool, error) {
	var b [AnchorSize]byte
	n, err := f.Pread(b[:f.n], f.Offset-int64(f.n))
	return err == nil && bytes.Equal(b[:n], f.Bytes()), err
}

// Advance moves the position behind data, which was read from it.
func (f *File) Advance(data []byte) {
	f.Offset += int64(len(data))
	f.Push(data)
}

// Restart moves the position to the beginning.
func (f *File) Restart() { f.Offset, f.n = 0, 0 }

// Relocate finds the position again after the head of the file was cut off,
// and reports whether it did.
func (f *File) Relocate() bool {
	const unit = 4096
	if f.n < AnchorSize {
		return false
	}
	was := *f
	for off := was.Offset - unit; off >= AnchorSize; off -= unit {
		if ok, err := f.MoveTo(off); err == nil && ok && f.Anchor == was.Anchor {
			return true
		}
	}
	*f = was
	return false
}
