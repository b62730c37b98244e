package logs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A file whose writer lives is rotated by cutting off its head:
//
//  1. the head, and the rest of the line at the cut, is copied to NAME.rotating;
//  2. the journal says copied; the head is overwritten by a stamp;
//  3. the journal says stamped; the file system takes the head out of the file;
//  4. the rest of the line at the cut, now first in the file, is blanked;
//  5. NAME.rotating becomes NAME.log.1; the new position is noted.
//
// The stamp tells after a kill whether the head is still there. Writers only
// ever append, so none of this is in their way.

const (
	rotating = ".rotating"
	// farLine is how far the end of the line at the cut is looked for. A
	// longer line is split between the two files.
	farLine = 64 << 10
	// uncutFor is the pause after a rotation that failed.
	uncutFor = 30 * time.Second
)

// cutHead rotates the file of s if it has outgrown the limit.
func (u *Unifier) cutHead(s *source) {
	if u.opts.MaxSize <= 0 || s.file.off <= u.opts.MaxSize || s.old || s.entry == noEntry ||
		s.state.open() || u.now.Before(s.uncut) {
		return
	}
	err := u.tryCut(s)
	if err == nil {
		return
	}
	s.uncut = u.now.Add(uncutFor)
	if errors.Is(err, errors.ErrUnsupported) {
		s.uncut = u.now.AddDate(100, 0, 0) // the file waits for Rotate
		return
	}
	u.report(err)
}

func (u *Unifier) tryCut(s *source) error {
	fd, err := openFile(s.Path, unix.O_RDWR)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	st, err := fstat(fd)
	if err != nil || identityOf(&st) != s.file.id {
		return err // another file by now, which is seen elsewhere
	}
	if s.unit == 0 {
		if s.unit, err = cutUnit(s.Path); err != nil {
			return err
		}
	}
	j := journal{stage: stageCopied, id: s.file.id, off: s.file.off, state: s.state}
	if j.cut = (j.off - s.unit) / s.unit * s.unit; j.cut <= 0 {
		return nil
	}
	if j.blank, err = u.lineAtCut(s, j.cut); err != nil {
		return err
	}
	keep := tail{}
	keep.push(s.file.bytes()[s.file.n-int(min(int64(s.file.n), j.off-j.cut-j.blank)):])
	j.tail, j.sum = keep.n, keep.hash()
	size := j.cut + j.blank
	if u.opts.MaxFiles <= 0 {
		size = stampSize // what the stamp overwrites
	}
	if err := u.copyHead(fd, s.Path+rotating, size); err != nil {
		return fmt.Errorf("cannot rotate %s: %w", s.Path, err)
	}
	u.opts.at("copied")
	if err := u.check.writeJournal(s.entry, j); err != nil {
		return err
	}
	return u.cut(s, fd, j)
}

// lineAtCut returns how many bytes behind the cut belong to the line that the
// cut goes through.
func (u *Unifier) lineAtCut(s *source, cut int64) (int64, error) {
	n, err := pread(s.file.fd, u.in[:min(farLine, s.file.off-cut+1)], cut-1)
	if err != nil || n == 0 {
		return 0, err
	}
	// The byte before the cut comes first: a line may end there.
	return int64(max(bytes.IndexByte(u.in[:n], '\n'), 0)), nil
}

// copyHead copies the first n bytes of fd to a file of its own.
func (u *Unifier) copyHead(fd int, path string, n int64) error {
	to, err := openFile(path, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC)
	if err != nil {
		return err
	}
	defer unix.Close(to)
	return copyRange(to, fd, n, u.in)
}

// cut does what the journal's stage leaves to be done. fd is the file of s,
// open for writing.
func (u *Unifier) cut(s *source, fd int, j journal) error {
	if j.stage == stageCopied {
		if err := pwrite(fd, j.stamp(), 0); err != nil {
			return fmt.Errorf("cannot rotate %s: %w", s.Path, err)
		}
		u.opts.at("stamped")
		j.stage = stageStamped
		if err := u.check.writeJournal(s.entry, j); err != nil {
			return err
		}
		u.opts.at("stamp noted")
	}
	head := make([]byte, stampSize)
	if _, err := pread(fd, head, 0); err != nil {
		return err
	}
	if bytes.Equal(head, j.stamp()) {
		if err := collapse(fd, j.cut); err != nil {
			return errors.Join(fmt.Errorf("cannot rotate %s: %w", s.Path, err), u.uncut(s, fd))
		}
		u.opts.at("cut")
	}
	if j.blank > 0 {
		line := bytes.Repeat([]byte(" "), int(j.blank))
		line[j.blank-1] = '\n'
		if err := pwrite(fd, line, 0); err != nil {
			return fmt.Errorf("cannot rotate %s: %w", s.Path, err)
		}
	}
	u.opts.at("blanked")
	if err := adopt(s.Path, u.opts.MaxFiles); err != nil {
		return err
	}
	u.opts.at("renamed")
	s.scanned = max(0, s.scanned-j.cut)
	if _, err := s.file.seek(j.off - j.cut); err != nil {
		return err
	}
	s.state = j.state
	if err := u.note(s, note{after: s.state}); err != nil {
		return err
	}
	u.opts.at("noted")
	return u.check.writeJournal(s.entry, journal{})
}

// uncut puts the head back after the file system refused to take it out.
func (u *Unifier) uncut(s *source, fd int) error {
	j := u.check.entries[s.entry].journal
	j.stage = stageCopied // the stamp may be gone from now on
	if err := u.check.writeJournal(s.entry, j); err != nil {
		return err
	}
	head := make([]byte, stampSize)
	copied, err := openFile(s.Path+rotating, unix.O_RDONLY)
	if err == nil {
		_, err = pread(copied, head, 0)
		unix.Close(copied)
	}
	if err == nil {
		err = pwrite(fd, head, 0)
	}
	u.opts.at("put back")
	if err == nil {
		err = u.check.writeJournal(s.entry, journal{})
	}
	if err == nil {
		err = os.Remove(s.Path + rotating)
	}
	return err
}

// adopt makes the copied head, if it is still to be done, the first of the
// rotated files.
func adopt(path string, keep int) error {
	if _, err := os.Lstat(path + rotating); err != nil {
		return nil
	}
	if keep <= 0 {
		return os.Remove(path + rotating)
	}
	if err := shift(path, keep); err != nil {
		return err
	}
	if err := os.Rename(path+rotating, rotated(path, 1)); err != nil {
		return fmt.Errorf("cannot rotate %s: %w", path, err)
	}
	return nil
}

// finishRotation completes the rotation that a killed unifier was in.
func (u *Unifier) finishRotation(i int) error {
	e := &u.check.entries[i]
	j := e.journal
	fd, err := openFile(e.Path, unix.O_RDWR)
	if err == nil {
		defer unix.Close(fd)
		s := &source{Source: e.Source, entry: i, wd: -1, state: j.state, file: &followed{fd: fd, id: j.id}}
		if u.canFinish(fd, j) {
			err := u.cut(s, fd, j)
			if e.journal.stage == stageNone { // done, or undone
				u.report(err)
				return nil
			}
			return err
		}
	}
	// The file was truncated, removed or replaced since: what was copied of it
	// is all there is.
	if err := adopt(e.Path, u.opts.MaxFiles); err != nil {
		return err
	}
	return u.check.writeJournal(i, journal{})
}

// canFinish reports whether fd is the file that the journal is about and holds
// what the journal expects.
func (u *Unifier) canFinish(fd int, j journal) bool {
	st, err := fstat(fd)
	if err != nil || identityOf(&st) != j.id {
		return false
	}
	head := make([]byte, stampSize)
	if _, err := pread(fd, head, 0); err != nil {
		return false
	}
	at := j.off
	if j.stage == stageStamped && !bytes.Equal(head, j.stamp()) {
		at -= j.cut
	}
	b := make([]byte, j.tail)
	n, err := pread(fd, b, at-int64(j.tail))
	return err == nil && n == j.tail && hash(b) == j.sum
}

const stampSize = 32

// stamp returns what marks the head of a file that is about to be cut off.
func (j journal) stamp() []byte {
	b := append(make([]byte, 0, stampSize), "\x00muster cuts\x00"...)
	for len(b) < stampSize-16 {
		b = append(b, 0)
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(j.off))
	return binary.LittleEndian.AppendUint64(b, uint64(j.cut))
}
