package logs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"muster/internal/logs/follow"
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

const rotating = ".rotating"

// cut is the rotation in place of one file. What it does is in its entry's
// journal first.
type cut struct {
	path  string
	fd    follow.FD // open for reading and writing
	check *checkpoint
	entry int
	keep  int                 // rotated files
	at    func(moment string) // told each step
}

// openCut opens the file of the checkpoint's entry i.
func (u *Unifier) openCut(i int) (*cut, error) {
	c := &cut{path: u.check.entries[i].Path, check: u.check, entry: i, keep: u.opts.MaxFiles, at: u.opts.at}
	var err error
	c.fd, err = follow.OpenRegular(c.path, os.O_RDWR)
	return c, err
}

func (c *cut) close() { c.fd.Close() }

// copyHead copies the head, which j describes, by way of buf.
func (c *cut) copyHead(j journal, buf []byte) error {
	size := j.cut + j.blank
	if c.keep <= 0 {
		size = stampSize // what the stamp overwrites
	}
	to, err := follow.OpenRegular(c.path+rotating, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err == nil {
		err = copyRange(to, c.fd, size, buf)
		to.Close()
	}
	if err != nil {
		return fmt.Errorf("cannot rotate %s: %w", c.path, err)
	}
	c.at("copied")
	return c.check.writeJournal(c.entry, j)
}

// takeOut does what the journal's stage leaves to be done until the head is a
// rotated file.
func (c *cut) takeOut(j journal) error {
	if j.stage == stageCopied {
		if err := c.fd.Pwrite(j.stamp(), 0); err != nil {
			return fmt.Errorf("cannot rotate %s: %w", c.path, err)
		}
		c.at("stamped")
		j.stage = stageStamped
		if err := c.check.writeJournal(c.entry, j); err != nil {
			return err
		}
		c.at("stamp noted")
	}
	stamped, err := c.stamped(j)
	if err != nil {
		return err
	}
	if stamped {
		if err := collapse(c.fd, j.cut); err != nil {
			return errors.Join(fmt.Errorf("cannot rotate %s: %w", c.path, err), c.putBack(j))
		}
		c.at("cut")
	}
	if j.blank > 0 {
		line := bytes.Repeat([]byte(" "), int(j.blank))
		line[j.blank-1] = '\n'
		if err := c.fd.Pwrite(line, 0); err != nil {
			return fmt.Errorf("cannot rotate %s: %w", c.path, err)
		}
	}
	c.at("blanked")
	if err := c.keepHead(); err != nil {
		return err
	}
	c.at("renamed")
	return nil
}

// stamped reports whether the file begins with the stamp.
func (c *cut) stamped(j journal) (bool, error) {
	head := make([]byte, stampSize)
	_, err := c.fd.Pread(head, 0)
	return bytes.Equal(head, j.stamp()), err
}

// putBack puts back what the stamp overwrote, after the file system refused to
// take the head out.
func (c *cut) putBack(j journal) error {
	j.stage = stageCopied // the stamp may be gone from now on
	if err := c.check.writeJournal(c.entry, j); err != nil {
		return err
	}
	head := make([]byte, stampSize)
	copied, err := follow.OpenRegular(c.path+rotating, os.O_RDONLY)
	if err == nil {
		_, err = copied.Pread(head, 0)
		copied.Close()
	}
	if err == nil {
		err = c.fd.Pwrite(head, 0)
	}
	c.at("put back")
	if err == nil {
		err = c.done()
	}
	if err == nil {
		err = os.Remove(c.path + rotating)
	}
	return err
}

// keepHead makes the copied head, if it is still to be done, the first of the
// rotated files.
func (c *cut) keepHead() error {
	copied := c.path + rotating
	if _, err := os.Lstat(copied); err != nil {
		return nil
	}
	if c.keep <= 0 {
		return os.Remove(copied)
	}
	return PutRotated(copied, c.path, c.keep)
}

// done empties the journal.
func (c *cut) done() error { return c.check.writeJournal(c.entry, journal{}) }

// canFinish reports whether the file is the one that the journal is about and
// holds what the journal expects.
func (c *cut) canFinish(j journal) bool {
	inode, _, err := c.fd.Stat()
	if err != nil || inode != j.inode {
		return false
	}
	stamped, err := c.stamped(j)
	if err != nil {
		return false
	}
	at := j.off
	if j.stage == stageStamped && !stamped {
		at -= j.cut
	}
	b := make([]byte, j.anchorLen)
	n, err := c.fd.Pread(b, at-int64(j.anchorLen))
	return err == nil && n == j.anchorLen && hash(b) == j.anchorSum
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

// copyBytes appends the bytes from off to end of one file to another.
func copyBytes(to, from follow.FD, off, end int64, buf []byte) error {
	for off < end {
		n, err := from.Pread(buf[:min(int64(len(buf)), end-off)], off)
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrUnexpectedEOF
		}
		if err := to.Write(buf[:n]); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}
