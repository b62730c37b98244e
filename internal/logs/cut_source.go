package logs

import (
	"bytes"
	"errors"
	"time"

	"muster/internal/logs/follow"
)

const (
	// farLine is how far the end of the line at the cut is looked for. A
	// longer line is split between the two files.
	farLine = 64 << 10
	// noCutFor is the pause after a rotation that failed.
	noCutFor = 30 * time.Second
)

// cutHead rotates the file of s if it has outgrown the limit.
func (u *Unifier) cutHead(s *source) {
	if u.opts.MaxSize <= 0 || s.file.Offset <= u.opts.MaxSize || s.old || s.entry == noEntry || !u.check.kept() ||
		s.state.open() || u.now.Before(s.noCut) {
		return
	}
	err := u.tryCut(s)
	if err == nil {
		u.set(ofRotation+s.Path, nil)
		return
	}
	s.noCut = u.now.Add(noCutFor)
	if errors.Is(err, errors.ErrUnsupported) {
		s.noCut = u.now.AddDate(100, 0, 0) // the file waits for Rotate
		return
	}
	u.set(ofRotation+s.Path, err)
}

func (u *Unifier) tryCut(s *source) error {
	c, err := u.openCut(s.entry)
	if err != nil {
		return err
	}
	defer c.close()
	inode, _, err := c.fd.Stat()
	if err != nil || inode != s.file.Inode {
		return err // another file by now, which is seen elsewhere
	}
	if s.unit == 0 {
		if s.unit, err = cutUnit(s.Path); err != nil {
			return err
		}
	}
	j := journal{stage: stageCopied, inode: inode, off: s.file.Offset, state: s.state}
	if j.cut = (j.off - s.unit) / s.unit * s.unit; j.cut <= 0 {
		return nil
	}
	if j.blank, err = u.lineAtCut(s, j.cut); err != nil {
		return err
	}
	anchor := s.file.Bytes()
	anchor = anchor[len(anchor)-int(min(int64(len(anchor)), j.off-j.cut-j.blank)):]
	j.anchorLen, j.anchorSum = len(anchor), hash(anchor)
	if err := c.copyHead(j, u.in); err != nil {
		return err
	}
	return u.finishCut(s, c, j)
}

// lineAtCut returns how many bytes behind the cut belong to the line that the
// cut goes through.
func (u *Unifier) lineAtCut(s *source, cut int64) (int64, error) {
	n, err := s.file.Pread(u.in[:min(farLine, s.file.Offset-cut+1)], cut-1)
	if err != nil || n == 0 {
		return 0, err
	}
	// The byte before the cut comes first: a line may end there.
	return int64(max(bytes.IndexByte(u.in[:n], '\n'), 0)), nil
}

// finishCut does what the journal's stage leaves to be done.
func (u *Unifier) finishCut(s *source, c *cut, j journal) error {
	if err := c.takeOut(j); err != nil {
		return err
	}
	s.scanned = max(0, s.scanned-j.cut)
	if _, err := s.file.MoveTo(j.off - j.cut); err != nil {
		return err
	}
	s.state = j.state
	if err := u.note(s, note{after: s.state}); err != nil {
		return err
	}
	u.opts.at("noted")
	return c.done()
}

// recoverCut completes the rotation in place that a killed unifier was in.
func (u *Unifier) recoverCut(i int) error {
	e := &u.check.entries[i]
	j := e.journal
	c, err := u.openCut(i)
	if err == nil {
		defer c.close()
		if c.canFinish(j) {
			s := &source{Source: e.Source, entry: i, wd: -1, state: j.state, file: &follow.File{FD: c.fd, Inode: j.inode}}
			err := u.finishCut(s, c, j)
			if e.journal.stage == stageNone { // done, or undone
				u.set(ofRotation+e.Path, err)
				return nil
			}
			return err
		}
	}
	// The file was truncated, removed or replaced since: what was copied of it
	// is all there is.
	if err := c.keepHead(); err != nil {
		return err
	}
	return c.done()
}
