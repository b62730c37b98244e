package logs

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// shift makes room for a new first rotated file of path: the last one goes. An
// interrupted shift leaves a gap, which the next one fills.
func shift(path string, keep int) error {
	gap := 1
	for ; gap < keep; gap++ {
		if _, err := os.Lstat(rotated(path, gap)); errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	for ; gap > 1; gap-- {
		if err := os.Rename(rotated(path, gap-1), rotated(path, gap)); err != nil {
			return fmt.Errorf("cannot rotate %s: %w", path, err)
		}
	}
	return nil
}

// rotateUnified begins a new unified log.
func (u *Unifier) rotateUnified() error {
	path := u.opts.Unified
	if u.opts.MaxFiles <= 0 {
		if err := unix.Ftruncate(u.unified, 0); err != nil {
			return fmt.Errorf("cannot rotate %s: %w", path, err)
		}
		u.index.reset()
		return nil
	}
	if err := shift(path+indexSuffix, u.opts.MaxFiles); err != nil {
		return err
	}
	err := os.Rename(path+indexSuffix, rotated(path+indexSuffix, 1))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot rotate %s: %w", path, err)
	}
	if err := shift(path, u.opts.MaxFiles); err != nil {
		return err
	}
	if err := os.Rename(path, rotated(path, 1)); err != nil {
		return fmt.Errorf("cannot rotate %s: %w", path, err)
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
	if st, err := statPath(path); err != nil || u.opts.MaxSize <= 0 || st.Size <= u.opts.MaxSize {
		return nil
	}
	u.now = u.opts.now()
	u.lookAgain()
	for _, s := range u.sources {
		if s.Path == path {
			if err := u.drain(s, endMark); err != nil {
				return err
			}
		}
	}
	if u.opts.MaxFiles <= 0 {
		return os.Truncate(path, 0)
	}
	if err := shift(path, u.opts.MaxFiles); err != nil {
		return err
	}
	if err := os.Rename(path, rotated(path, 1)); err != nil {
		return fmt.Errorf("cannot rotate %s: %w", path, err)
	}
	u.recheck = true
	u.waiter.wake()
	return nil
}
