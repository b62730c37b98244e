package logs

import (
	"fmt"

	"muster/internal/logs/follow"
)

// recover completes the rotation and the write that a killed unifier was in.
func (u *Unifier) recover() error {
	last := noEntry
	for i := range u.check.entries {
		e := &u.check.entries[i]
		if e.journal.stage != stageNone {
			if err := u.recoverCut(i); err != nil { // no reason to write nothing
				u.set(ofRotation+e.Path, err)
			}
		}
		if e.last.seq > 0 && (last == noEntry || e.last.seq > u.check.entries[last].last.seq) {
			last = i
		}
	}
	size, err := u.unified.Size()
	if err != nil {
		return err
	}
	if last != noEntry {
		if err := u.complete(last, size); err != nil {
			return err
		}
	}
	return u.endLine()
}

// complete does what is missing of entry i's last write to the unified log,
// which has size bytes.
func (u *Unifier) complete(i int, size int64) error {
	n := u.check.entries[i].last
	if n.unified != u.inode.Ino || size < n.size {
		return nil // another file by now: the write was done
	}
	s := &source{Source: u.check.entries[i].Source, entry: i, wd: -1}
	s.prefix = Prefix(s.Name)
	defer s.close()
	if s.file, _ = findNoted(s.Path, n); s.file == nil {
		return nil
	}
	if missing := n.size + int64(n.out) - size; missing > 0 {
		out, err := u.again(s, n)
		if err != nil || len(out) != n.out {
			u.set(s.Path, err)
			return nil
		}
		if err := u.unified.Write(out[int64(len(out))-missing:]); err != nil {
			return fmt.Errorf("cannot write %s: %w", u.opts.Unified, err)
		}
	}
	// A long line that was written in several pieces goes on to its end before
	// any other source may write.
	s.state = n.after
	for s.state.open() {
		more, err := u.pumpBlock(s)
		if err != nil && !u.failed.IsZero() {
			return err
		}
		if err != nil || !more {
			u.set(s.Path, err)
			break
		}
	}
	return u.finish(s, endMark)
}

// again renders what n says was to be written.
func (u *Unifier) again(s *source, n note) ([]byte, error) {
	in := make([]byte, n.in)
	got, err := s.file.Pread(in, n.off)
	if err != nil || got < n.in {
		return nil, err
	}
	out, taken, after := render(make([]byte, 0, n.out+len(s.prefix)+room), in, s.prefix, n.before)
	if taken < n.in {
		return nil, nil
	}
	out, _ = closePiece(out, after, n.end)
	return out, nil
}

// endLine ends a line that the unified log was left in for good.
func (u *Unifier) endLine() error {
	size, err := u.unified.Size()
	if err != nil || size == 0 {
		return err
	}
	var b [1]byte
	if _, err := u.unified.Pread(b[:], size-1); err != nil || b[0] == '\n' {
		return err
	}
	return u.unified.Write([]byte("\n"))
}

// holds reports whether f is the file that n is about, has been neither
// truncated nor replaced since, and moves to the position behind n's write.
func holds(f *follow.File, n note) bool {
	if f.Inode != n.inode {
		return false
	}
	ok, err := f.MoveTo(n.done())
	return err == nil && ok && len(f.Bytes()) == n.anchorLen && hash(f.Bytes()) == n.anchorSum
}
