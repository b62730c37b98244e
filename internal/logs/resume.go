package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"muster/internal/local"
	"muster/internal/logs/follow"
)

// resume opens the file of s where the checkpoint says.
func (u *Unifier) resume(s *source) error {
	if u.check.pending {
		return nil // it is looked at again once that is known
	}
	if s.entry == noEntry {
		i, err := u.check.find(s.Source)
		if err != nil {
			return err
		}
		s.entry = i
	}
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
// followed it, and those that were renamed after it.
func (u *Unifier) resumeRotated(s *source, n note) error {
	f, at := findNoted(s.Path, n)
	if f == nil {
		return nil
	}
	s.goOn(f, n)
	for {
		size, err := s.file.Size()
		if err == nil {
			err = u.pumpTo(s, size)
		}
		if err == nil {
			err = u.drain(s, endMark)
		}
		if err != nil {
			return err
		}
		u.keepOld(s)
		for f = nil; f == nil && at > 1; at-- { // one may be missing
			f, _ = follow.Open(Rotated(s.Path, at-1))
		}
		if f == nil {
			return nil
		}
		if err := u.begin(s, f); err != nil {
			return err
		}
	}
}

// findNoted opens the file that holds n: the one at the path, or the at-th
// rotated one. A rotation that was broken off leaves a gap of one.
func findNoted(path string, n note) (f *follow.File, at int) {
	for gaps := 0; gaps < 2; at++ {
		f, err := follow.Open(Rotated(path, at))
		if err != nil {
			gaps++
			continue
		}
		if holds(f, n) {
			return f, at
		}
		f.Close()
		gaps = 0
	}
	return nil, 0
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
	u.recheck, u.names = false, time.Time{}
	if !u.lookAtUnified() {
		return
	}
	for _, s := range slices.Clone(u.sources) {
		u.lookAt(s)
	}
}

// lookAtUnified compares the path of the unified log with the file that is
// written, and reports whether that is the one now.
func (u *Unifier) lookAtUnified() bool {
	if u.check.pending {
		check, err := openCheckpoint(u.opts.Checkpoint)
		u.set(ofPositions, err)
		if u.check = check; check.pending {
			u.failed, u.recheck = u.now, true
			return false
		}
	}
	u.watch(u.opts.Unified)
	inode, _, err := follow.Stat(u.opts.Unified)
	if u.begun && err == nil && inode == u.inode {
		return true
	}
	if u.opts.Removed != nil && !u.opts.Removed() {
		u.failed, u.recheck = u.now, true
		return false
	}
	if err := u.reopen(); err != nil {
		u.set(ofUnified, err)
		u.failed, u.recheck = u.now, true
		return false
	}
	u.set(ofUnified, nil)
	return true
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
	u.watch(s.Path)
	inode, _, err := follow.Stat(s.Path)
	switch {
	case err != nil:
		if s.file == nil {
			u.set(s.Path, nil) // there is nothing that cannot be read
		}
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
	if err := local.Mkdir(filepath.Dir(u.opts.Unified)); err != nil {
		return fmt.Errorf("cannot write the unified log: %w", err)
	}
	if u.open != nil {
		u.open.state, u.open = lineCont, nil
	}
	if err := u.openUnified(); err != nil {
		return err
	}
	u.watch(u.opts.Unified)
	if u.begun {
		return nil
	}
	u.begun = true
	err := u.recover()
	u.begun = err == nil
	return err
}

// replace goes over to the file that has the path of s by now.
func (u *Unifier) replace(s *source) error {
	f, err := follow.Open(s.Path)
	if err != nil { // what was there before may still be written
		u.set(s.Path, fmt.Errorf("cannot follow the log of %s: %w", s.Name, err))
		return nil
	}
	size, err := s.file.Size()
	if err == nil {
		err = u.pumpTo(s, size)
	}
	if err != nil && !u.failed.IsZero() {
		f.Close()
		return err
	}
	u.set(s.Path, err) // what cannot be read does not keep what can be
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
