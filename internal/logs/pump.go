package logs

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"muster/internal/logs/follow"
)

// farScan is from how many bytes without a line end on only what is new is
// searched for one.
const farScan = 64 << 10

// longest is how many bytes without a line end are written as one piece: what
// is longer is no line that anybody wants whole.
const longest = 64 << 20

// pump writes the lines that have come, up to one turn of them, and reports
// whether there may be more at once.
func (u *Unifier) pump(s *source) bool {
	for range max(turn/len(u.sources), 1) {
		if s.file == nil || u.open != nil && u.open != s {
			return false
		}
		more, err := u.pumpBlock(s)
		if err != nil {
			u.fail(s, err)
			return false
		}
		u.set(s.Path, nil)
		if !more {
			return false
		}
	}
	return true
}

// fail lets s pause. Others go on, unless it was the unified log that failed.
func (u *Unifier) fail(s *source, err error) {
	of := s.Path
	if !u.failed.IsZero() {
		of = ofUnified
	}
	u.set(of, err)
	s.failed = u.now
	if u.failed.IsZero() && u.open == s {
		u.set(ofUnified, u.finish(s, endMark))
	}
}

// pumpBlock writes the lines of one block and reports whether there is more.
func (u *Unifier) pumpBlock(s *source) (more bool, err error) {
	f := s.file
	if s.RotateOnly {
		return false, u.skip(s)
	}
	if s.scanned-f.Offset > farScan {
		return u.pumpLong(s)
	}
	data, err := f.Read(u.in)
	if errors.Is(err, follow.ErrShrunk) {
		return true, u.restart(s)
	}
	if err != nil {
		return false, err
	}
	full := len(f.Bytes())+len(data) == len(u.in)
	fresh := f.Offset+int64(len(data)) > max(s.scanned, f.Offset)
	if fresh {
		s.active = u.now
		u.used = max(u.used, len(data))
	}
	if last := bytes.LastIndexByte(data, '\n'); last >= 0 {
		s.scanned, s.partial = 0, time.Time{}
		rest := len(data) - last - 1
		if err := u.put(s, data[:last+1], endNone); err != nil {
			return false, err
		}
		if rest > 0 && !full {
			s.scanned, s.partial = f.Offset+int64(rest), u.now
		}
		u.cutHead(s)
		return full, nil
	}
	s.scanned = f.Offset + int64(len(data))
	if !fresh && s.partial.IsZero() {
		return false, nil
	}
	return full, u.waitForEnd(s, full)
}

// skip moves to the end of the file of s.
func (u *Unifier) skip(s *source) error {
	size, err := s.file.Size()
	if err != nil || size == s.file.Offset {
		return err
	}
	s.active = u.now
	if _, err := s.file.MoveTo(size); err != nil {
		return err
	}
	u.cutHead(s)
	return nil
}

// pumpLong looks for the end of a long line in what is new of it.
func (u *Unifier) pumpLong(s *source) (more bool, err error) {
	if ok, err := s.file.Intact(); err != nil || !ok {
		if err != nil {
			return false, err
		}
		return true, u.restart(s)
	}
	n, err := s.file.Pread(u.in, s.scanned)
	if err != nil {
		return false, err
	}
	if n > 0 {
		s.active = u.now
	}
	if i := bytes.IndexByte(u.in[:n], '\n'); i >= 0 {
		end := s.scanned + int64(i) + 1
		s.scanned, s.partial = 0, time.Time{}
		return true, u.putTo(s, end, endNone)
	}
	s.scanned += int64(n)
	if s.scanned-s.file.Offset >= longest {
		return true, u.flush(s, endMark)
	}
	if data := s.file.NextData(s.scanned); n == len(u.in) && data-s.scanned >= farScan {
		return true, u.skipHole(s, data)
	}
	full := n == len(u.in)
	return full, u.waitForEnd(s, full)
}

// skipHole goes on behind a hole, of which no line is made: whoever writes a log
// appends, so that a file that has one was put there or cut by somebody else.
func (u *Unifier) skipHole(s *source, end int64) error {
	if err := u.flush(s, endMark); err != nil {
		return err
	}
	if _, err := s.file.MoveTo(end); err != nil {
		return err
	}
	s.scanned = 0
	return u.note(s, note{after: s.state})
}

// waitForEnd writes the unfinished line of s when it has waited long enough.
func (u *Unifier) waitForEnd(s *source, full bool) error {
	if s.partial.IsZero() {
		s.partial = u.now
	}
	if full || u.now.Sub(s.partial) < partialWait {
		return nil
	}
	return u.flush(s, endMark)
}

// flush writes the unfinished line of s.
func (u *Unifier) flush(s *source, how ending) error {
	s.partial = time.Time{}
	err := u.putTo(s, s.scanned, how)
	if err != nil {
		s.partial = u.now
	}
	return err
}

// putTo writes the bytes up to end, which hold at most one line end, the last.
func (u *Unifier) putTo(s *source, end int64, how ending) error {
	for s.file.Offset < end {
		data, err := s.file.Read(u.in)
		if errors.Is(err, follow.ErrShrunk) || err == nil && len(data) == 0 {
			return u.restart(s)
		}
		if err != nil {
			return err
		}
		u.used = max(u.used, len(data))
		data = data[:min(int64(len(data)), end-s.file.Offset)]
		last := s.file.Offset+int64(len(data)) == end
		switch {
		case last && how == endMark:
			data = data[:writable(data)]
		case !last && len(data) > 1 && data[len(data)-1] == '\r':
			data = data[:len(data)-1]
		}
		if !last {
			err = u.put(s, data, endNone)
		} else if len(data) > 0 {
			err = u.put(s, data, how)
		} else {
			err = u.finish(s, how)
		}
		if err != nil || last {
			return err
		}
	}
	return nil
}

// finish closes the open line of s.
func (u *Unifier) finish(s *source, how ending) error {
	out, after := closePiece(u.out[:0], s.state, how)
	if len(out) == 0 {
		return nil
	}
	return u.commit(s, out, nil, after, how)
}

// put writes data, which follows the position of s, and closes it as told.
func (u *Unifier) put(s *source, data []byte, how ending) error {
	for len(data) > 0 {
		out, n, after := render(u.out[:0], data, s.prefix, s.state)
		end := endNone
		if n == len(data) {
			end = how
			out, after = closePiece(out, after, how)
		}
		if err := u.commit(s, out, data[:n], after, end); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// commit notes and does one write to the unified log: out is what data, the
// bytes behind the position of s, is rendered to. If it fails, everything is as
// before, and all sources pause.
func (u *Unifier) commit(s *source, out, data []byte, after lineState, end ending) error {
	err := u.tryCommit(s, out, data, after, end)
	if err != nil {
		u.failed = u.now
	}
	return err
}

func (u *Unifier) tryCommit(s *source, out, data []byte, after lineState, end ending) error {
	size, err := u.room(s, len(out))
	if err != nil {
		return err
	}
	f, was := s.file, s.file.Anchor
	f.Push(data)
	if err := u.note(s, note{size: size, out: len(out), in: len(data), after: after, end: end}); err != nil {
		f.Anchor = was
		return err
	}
	if err := u.opts.write(u.unified, out); err != nil {
		err = fmt.Errorf("cannot write %s: %w", u.opts.Unified, err)
		f.Anchor = was
		return errors.Join(err, u.unified.Truncate(size), u.note(s, note{size: size, after: s.state}))
	}
	f.Offset += int64(len(data))
	u.moved += len(data)
	u.set(ofUnified, nil)
	s.state = after
	u.open = nil
	if after.open() {
		u.open = s
	}
	return nil
}

// note completes n and writes it down for s. The anchor of s is that of the
// position after the write already.
func (u *Unifier) note(s *source, n note) error {
	if s.entry == noEntry {
		return nil // of an old file
	}
	n.unified, n.inode, n.off, n.before = u.inode.Ino, s.file.Inode, s.file.Offset, s.state
	n.anchorLen, n.anchorSum = len(s.file.Bytes()), hash(s.file.Bytes())
	return u.check.write(s.entry, n)
}

// room returns the size of the unified log, which is rotated if n more bytes
// are too many for it.
func (u *Unifier) room(s *source, n int) (int64, error) {
	if !u.begun {
		return 0, fmt.Errorf("cannot write %s", u.opts.Unified)
	}
	size, err := u.unified.Size()
	if err != nil {
		return 0, err
	}
	if u.opts.MaxSize > 0 && size > 0 && size+int64(n) > u.opts.MaxSize && !s.state.open() && !u.now.Before(u.noTurn) {
		err := u.rotateUnified()
		u.set(ofRotation+u.opts.Unified, err)
		if err != nil { // a file that is too long is better than none
			u.noTurn, u.recheck = u.now.Add(noCutFor), true
		}
		if size, err = u.unified.Size(); err != nil {
			return 0, err
		}
	}
	u.index.add(u.now, size)
	return size, nil
}

// restart goes on from the beginning of a file that was truncated.
func (u *Unifier) restart(s *source) error {
	if err := u.finish(s, endLine); err != nil {
		return err
	}
	s.file.Restart()
	s.state, s.scanned, s.partial = lineStart, 0, time.Time{}
	return u.note(s, note{})
}

// drain writes all that is in the file of s by now, and its unfinished line.
func (u *Unifier) drain(s *source, how ending) error {
	if s.file == nil {
		return nil
	}
	size, err := s.file.Size()
	if err != nil {
		return err
	}
	if u.open != nil && u.open != s {
		if err := u.drain(u.open, endMark); err != nil {
			return err
		}
	}
	// A line that a writer is about to complete is not cut: it gets a moment.
	for try := 0; s.file.Offset < size && try < 10; {
		if !u.late.IsZero() && time.Now().After(u.late) {
			return errors.Join(fmt.Errorf("%s: there was no time for its last %d bytes; they follow with the next start", s.Path, size-s.file.Offset), u.finish(s, endMark))
		}
		more, err := u.pumpBlock(s)
		if err != nil {
			return err
		}
		if !more && s.file.Offset < size {
			if now, err := s.file.Size(); err != nil || now < size {
				size = now
			}
			if how == endLine {
				break
			}
			try++
			time.Sleep(poll / 2)
		}
	}
	if s.scanned > s.file.Offset && s.file.Offset < size {
		return u.flush(s, how)
	}
	if how == endLine {
		return u.finish(s, how)
	}
	return nil
}
