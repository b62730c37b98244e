package logs

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"muster/internal/local"
	"muster/internal/logs/follow"
)

// Rotated returns the name of the n-th rotated file of a log; the first is the
// newest, and the log itself is number 0.
func Rotated(path string, n int) string {
	if n == 0 {
		return path
	}
	return path + "." + strconv.Itoa(n)
}

// PutRotated makes file the first of the rotated files of path: the others move
// up, and the last one goes. If it is interrupted, it leaves a gap, which the
// next one fills.
func PutRotated(file, path string, keep int) error {
	gap := 1
	for ; gap < keep; gap++ {
		if _, err := os.Lstat(Rotated(path, gap)); errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	for ; gap > 1; gap-- {
		if err := os.Rename(Rotated(path, gap-1), Rotated(path, gap)); err != nil {
			return fmt.Errorf("cannot rotate %s: %w", path, err)
		}
	}
	if err := os.Rename(file, Rotated(path, 1)); err != nil {
		return fmt.Errorf("cannot rotate %s: %w", path, err)
	}
	return nil
}

// rotateUnified begins a new unified log.
func (u *Unifier) rotateUnified() error {
	path := u.opts.Unified
	if u.opts.MaxFiles <= 0 {
		if err := u.unified.Truncate(0); err != nil {
			return fmt.Errorf("cannot rotate %s: %w", path, err)
		}
		u.index.reset()
		return nil
	}
	index := path + indexSuffix
	if err := PutRotated(index, index, u.opts.MaxFiles); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := PutRotated(path, path, u.opts.MaxFiles); err != nil {
		return err
	}
	return u.openUnified()
}

// Rotate renames the file of a source that has outgrown the limit, after all
// that is in it was written. It is for the moment before a process starts, on
// file systems where a file is not rotated while it is written.
func (u *Unifier) Rotate(path string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return errClosed
	}
	if _, size, err := follow.Stat(path); err != nil || u.opts.MaxSize <= 0 || size <= u.opts.MaxSize {
		return nil
	}
	defer u.hurry()()
	u.lookAgain()
	for _, s := range u.sources {
		if s.Path == path {
			if err := u.drain(s, endMark); err != nil {
				return err
			}
		}
	}
	if u.opts.MaxFiles <= 0 {
		return local.Empty(path)
	}
	if err := PutRotated(path, path, u.opts.MaxFiles); err != nil {
		return err
	}
	u.recheck = true
	u.waiter.Wake()
	return nil
}
