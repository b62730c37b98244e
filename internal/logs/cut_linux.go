package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"muster/internal/logs/follow"
)

// collapse takes the first n bytes, whole blocks, out of the file: fallocate(2),
// FALLOC_FL_COLLAPSE_RANGE.
func collapse(fd follow.FD, n int64) error {
	for {
		err := unix.Fallocate(int(fd), unix.FALLOC_FL_COLLAPSE_RANGE, 0, n)
		if err != unix.EINTR {
			return err
		}
	}
}

// cutUnit returns the unit in which the file system of path can take bytes out
// of files, or an error that is errors.ErrUnsupported. It tries on a file of
// its own: a file system's type does not tell.
func cutUnit(path string) (int64, error) {
	const unit = 64 << 10 // the largest block of ext4 and XFS
	f, err := os.CreateTemp(filepath.Dir(path), ".muster-try-*")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	defer os.Remove(f.Name())
	if _, err := f.Write(make([]byte, 2*unit)); err != nil {
		return 0, err
	}
	if err := collapse(follow.FD(f.Fd()), unit); err != nil {
		return 0, fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	return unit, nil
}

// copyRange copies the first n bytes of one file to another, within the kernel
// where it can.
func copyRange(to, from follow.FD, n int64, buf []byte) error {
	var off int64
	for off < n {
		at := off
		got, err := unix.CopyFileRange(int(from), &at, int(to), nil, int(min(n-off, 1<<30)), 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil || got == 0 {
			return copyBytes(to, from, off, n, buf)
		}
		off += int64(got)
	}
	return nil
}
