package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"muster/internal/logs/follow"
)

// resume opens the file of s where the checkpoint says.
func (u *Unifier) resume(s *source) error {
	n := u.check.entries[s.entry].last
	f, err := follow.Open(s.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // its coming is seen in the folder
	}
	if err != nil {
		return fmt.Errorf("cannot follow the log of %s: %w", s.Name, err)
	}
	s.hot, s.active = true, u.now
	if n.seq > 0 && holds(f, n) {
		s.goOn(f, n)
		return nil
	}
	if n.seq > 0 && f.Inode != n.inode {
		if err := u.resumeRotated(s, n); err != nil {
			f.Close()
			return err
		}
	}
	return u.begin(s, f)
}

// resumeRotated writes the rest of a file that was renamed while no unifier
// followed it.
func (u *Unifier) resumeRotated(s *source, n note) error {
	f, err := follow.Open(Rotated(s.Path, 1))
	if err != nil {
		return nil // there is none
	}
	if !holds(f, n) {
		f.Close()
		return nil
	}
	s.goOn(f, n)
	size, err := f.Size()
	if err == nil {
		err = u.pumpTo(s, size)
	}
	if err == nil {
		err = u.drain(s, endMark)
	}
	if err == nil {
		u.keepOld(s)
	}
	return err
}

// goOn makes f, which holds n, the file of s.
func (s *source) goOn(f *follow.File, n note) {
	s.file, s.state = f, n.after
	if s.state.open() {
		s.state = lineCont // recover closed the line
	}
}

// begin makes f, from its beginning, the file of s.
func (u *Unifier) begin(s *source, f *follow.File) error {
	f.Restart()
	s.file, s.state, s.scanned = f, lineStart, 0
	s.hot, s.active = true, u.now
	return u.note(s, note{})
}

// keepOld goes on following the present file of s beside the one that follows.
func (u *Unifier) keepOld(s *source) {
	old := *s
	old.old, old.entry, old.hot = true, noEntry, true
	if u.open == s {
		u.open = &old
	}
	if u.byWatch[s.wd] == s {
		u.byWatch[s.wd] = &old
	}
	u.sources = append(u.sources, &old)
	s.file, s.wd = nil, -1
	s.partial, s.scanned, s.state = time.Time{}, 0, lineStart
}

// lookAgain compares the paths with the files that are followed.
func (u *Unifier) lookAgain() {
	u.recheck = false
	if inode, _, err := follow.Stat(u.opts.Unified); err != nil || inode != u.inode {
		if err := u.reopen(); err != nil {
			u.report(err)
			u.failed, u.recheck = u.now, true
			return
		}
	}
	for _, s := range slices.Clone(u.sources) {
		u.lookAt(s)
	}
}

// lookAt compares the path of s with the file that is followed.
func (u *Unifier) lookAt(s *source) {
	again := !s.failed.IsZero()
	s.failed = time.Time{}
	if s.old {
		if again && !written(s.file.FD) {
			u.dropOld(s) // it could not be read, and nothing more comes
		}
		s.hot = true // its writer may have gone
		return
	}
	if err := u.watchDir(s.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
		u.report(err)
	}
	inode, _, err := follow.Stat(s.Path)
	switch {
	case err != nil:
	case s.file == nil:
		err = u.resume(s)
	case inode != s.file.Inode:
		err = u.replace(s)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		u.fail(s, err)
	}
}

// reopen makes the unified log anew after it was removed.
func (u *Unifier) reopen() error {
	if err := os.MkdirAll(filepath.Dir(u.opts.Unified), 0o755); err != nil {
		return fmt.Errorf("cannot write the unified log: %w", err)
	}
	if u.open != nil {
		u.open.state, u.open = lineCont, nil
	}
	if err := u.openUnified(); err != nil {
		return err
	}
	return u.watchDir(u.opts.Unified)
}

// replace goes over to the file that has the path of s by now.
func (u *Unifier) replace(s *source) error {
	f, err := follow.Open(s.Path)
	if err != nil {
		return err
	}
	size, err := s.file.Size()
	if err == nil {
		err = u.pumpTo(s, size)
	}
	if err != nil && !u.failed.IsZero() {
		f.Close()
		return err
	}
	u.report(err) // what cannot be read does not keep what can be
	u.keepOld(s)
	return u.begin(s, f)
}

// pumpTo writes the whole lines of s up to at least size.
func (u *Unifier) pumpTo(s *source, size int64) error {
	for s.file.Offset < size {
		more, err := u.pumpBlock(s)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// dropOld ends the following of an old file.
func (u *Unifier) dropOld(s *source) {
	for i := range u.sources {
		if u.sources[i] == s {
			u.sources = append(u.sources[:i], u.sources[i+1:]...)
			break
		}
	}
	u.forget(s)
}
