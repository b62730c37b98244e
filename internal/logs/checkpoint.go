package logs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"muster/internal/local"
	"muster/internal/logs/follow"
)

// The checkpoint is a file of entries of entrySize bytes. The first holds the
// magic; each other belongs to one source for ever:
//
//	0     two slots for its note, written in turn
//	256   checksum, name and path
//	3840  two slots for the journal of its rotation, written in turn
//
// A note is one write within one page; a torn one fails its checksum, and the
// other slot holds the note before it.
const (
	entrySize   = 4096
	slotSize    = 128
	labelAt     = 256
	journalAt   = entrySize - 2*slotSize
	magic       = "muster logs 1\n"
	maxLabel    = journalAt - labelAt - 12
	noEntry     = -1
	noteBytes   = 8 + 10*8
	journalSize = 8 + 8*8
)

// note is what is written down before each write to the unified log.
type note struct {
	seq       uint64 // over all entries: the highest belongs to the last write
	unified   uint64 // inode of the unified log
	size      int64  // its size before the write
	out       int    // bytes to be written to it
	inode     follow.Inode
	off       int64 // position in the source before the write
	in        int   // bytes of the source that the write holds
	before    lineState
	after     lineState
	end       ending
	anchorLen int // bytes before off+in that anchorSum was made of
	anchorSum uint64
}

// done returns the position once the write is complete.
func (n note) done() int64 { return n.off + int64(n.in) }

func (n note) encode(b []byte) {
	le := binary.LittleEndian
	clear(b[:slotSize])
	le.PutUint64(b[8:], n.seq)
	le.PutUint64(b[16:], n.unified)
	le.PutUint64(b[24:], uint64(n.size))
	le.PutUint32(b[32:], uint32(n.out))
	le.PutUint32(b[36:], uint32(n.in))
	le.PutUint64(b[40:], n.inode.Dev)
	le.PutUint64(b[48:], n.inode.Ino)
	le.PutUint64(b[56:], uint64(n.off))
	b[64], b[65], b[66] = byte(n.before), byte(n.after), byte(n.end)
	le.PutUint16(b[68:], uint16(n.anchorLen))
	le.PutUint64(b[72:], n.anchorSum)
	le.PutUint64(b, hash(b[8:noteBytes]))
}

func decodeNote(b []byte) (note, bool) {
	le := binary.LittleEndian
	n := note{
		seq:     le.Uint64(b[8:]),
		unified: le.Uint64(b[16:]),
		size:    int64(le.Uint64(b[24:])),
		out:     int(le.Uint32(b[32:])),
		in:      int(le.Uint32(b[36:])),
		inode:   follow.Inode{Dev: le.Uint64(b[40:]), Ino: le.Uint64(b[48:])},
		off:     int64(le.Uint64(b[56:])),
		before:  lineState(b[64]), after: lineState(b[65]), end: ending(b[66]),
		anchorLen: int(le.Uint16(b[68:])),
		anchorSum: le.Uint64(b[72:]),
	}
	return n, n.seq > 0 && le.Uint64(b) == hash(b[8:noteBytes]) && n.possible()
}

// possible tells whether a unifier can have written a note: FNV is no proof of that, and
// what it says is read, written and allocated.
func (n note) possible() bool {
	return n.size >= 0 && n.off >= 0 && n.off <= math.MaxInt64-int64(n.in) && n.in <= block+follow.AnchorSize && n.out <= block+block/2 &&
		n.before <= lineCont && n.after <= lineCont && n.end <= endLine && n.anchorLen <= follow.AnchorSize
}

// entry is what the checkpoint knows of a source.
type entry struct {
	Source
	last    note
	journal journal
}

// checkpoint is the open file.
type checkpoint struct {
	fd      follow.FD
	path    string
	pending bool // it could not be read for now: what was written already is not known
	seq     uint64
	entries []entry // entry i lies at (i+1)*entrySize
	buf     [slotSize]byte
}

// openCheckpoint reads the file or makes a new one. What is none of ours makes
// way for one; broken entries are free. The error is a warning: the checkpoint
// can be used, but is empty or, if no file can be had, kept in memory. One that is
// pending is to be opened again before anything is written.
func openCheckpoint(path string) (*checkpoint, error) {
	c := &checkpoint{fd: -1, path: path}
	cannot := func(err error) (*checkpoint, error) {
		c.pending = passes(err)
		return c, fmt.Errorf("the positions of the logs cannot be kept: %w", err)
	}
	if err := local.Mkdir(filepath.Dir(path)); err != nil {
		return cannot(err)
	}
	b, err := local.Read(path, local.MaxState)
	if passes(err) {
		return cannot(err)
	}
	if err == nil && len(b) > 0 && !bytes.HasPrefix(b, []byte(magic)) {
		err = fmt.Errorf("%s holds no log positions of this version", path)
	}
	var lost error
	if err != nil && !os.IsNotExist(err) {
		if e := os.Remove(path); e != nil {
			return cannot(errors.Join(err, e))
		}
		b, lost = nil, fmt.Errorf("the positions of the logs were lost, and old lines come once more: %w", err)
	}
	if c.fd, err = follow.OpenRegular(path, os.O_RDWR|os.O_CREATE); err != nil {
		return cannot(err)
	}
	if len(b) == 0 {
		if err := c.put([]byte(magic), 0); err != nil {
			lost = errors.Join(lost, err) // it is whole once there is room
		}
	}
	for at := entrySize; at < len(b); at += entrySize {
		e := decodeEntry(b[at:min(at+entrySize, len(b))])
		c.seq = max(c.seq, e.last.seq, e.journal.seq)
		c.entries = append(c.entries, e)
	}
	return c, lost
}

// passes tells whether an error is about what the machine lacks for now.
func passes(err error) bool {
	var no syscall.Errno
	return errors.As(err, &no) && slices.Contains([]syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS}, no)
}

// kept tells whether the next unifier will have the checkpoint, too.
func (c *checkpoint) kept() bool { return c.fd >= 0 }

// put writes b at an offset of the file.
func (c *checkpoint) put(b []byte, at int64) error {
	if !c.kept() {
		return nil
	}
	if err := c.fd.Pwrite(b, at); err != nil {
		return fmt.Errorf("cannot write %s: %w", c.path, err)
	}
	return nil
}

func decodeEntry(short []byte) entry {
	var b [entrySize]byte
	copy(b[:], short)
	var e entry
	label := b[labelAt:journalAt]
	nameLen, pathLen := int(binary.LittleEndian.Uint16(label[8:])), int(binary.LittleEndian.Uint16(label[10:]))
	if nameLen+pathLen > maxLabel || pathLen == 0 ||
		binary.LittleEndian.Uint64(label) != hash(label[8:12+nameLen+pathLen]) {
		return e
	}
	e.Name, e.Path = string(label[12:12+nameLen]), string(label[12+nameLen:12+nameLen+pathLen])
	for i := range 2 {
		if n, ok := decodeNote(b[i*slotSize:]); ok && n.seq > e.last.seq {
			e.last = n
		}
		if j, ok := decodeJournal(b[journalAt+i*slotSize:]); ok && j.seq > e.journal.seq {
			e.journal = j
		}
	}
	return e
}

// fits says whether there can be an entry for a source.
func fits(s Source) error {
	if len(s.Name)+len(s.Path) > maxLabel {
		return fmt.Errorf("%s: the path is too long for a log", s.Path)
	}
	return nil
}

// find returns the entry of a source, which fits, or makes one.
func (c *checkpoint) find(s Source) (int, error) {
	free := len(c.entries)
	for i := range c.entries {
		switch c.entries[i].Path {
		case s.Path:
			if c.entries[i].Name == s.Name {
				return i, nil
			}
			c.entries[i].Name = s.Name
			return i, c.label(i)
		case "":
			free = min(free, i)
		}
	}
	if free == len(c.entries) {
		c.entries = append(c.entries, entry{})
	}
	c.entries[free] = entry{Source: s}
	// The slots go first: a label makes the entry count.
	var slots [entrySize]byte
	if err := c.put(slots[:], int64(free+1)*entrySize); err != nil {
		return noEntry, err
	}
	return free, c.label(free)
}

func (c *checkpoint) label(i int) error {
	e := c.entries[i]
	b := make([]byte, 12, 12+len(e.Name)+len(e.Path))
	binary.LittleEndian.PutUint16(b[8:], uint16(len(e.Name)))
	binary.LittleEndian.PutUint16(b[10:], uint16(len(e.Path)))
	b = append(append(b, e.Name...), e.Path...)
	binary.LittleEndian.PutUint64(b, hash(b[8:]))
	return c.put(b, int64(i+1)*entrySize+labelAt)
}

// next returns the next sequence number for a pair of slots of which the one
// written last has the number old: its parity chooses the other slot.
func (c *checkpoint) next(old uint64) uint64 {
	c.seq++
	if old != 0 && old&1 == c.seq&1 {
		c.seq++
	}
	return c.seq
}

// write writes down n, which becomes the entry's last note.
func (c *checkpoint) write(i int, n note) error {
	n.seq = c.next(c.entries[i].last.seq)
	n.encode(c.buf[:])
	at := int64(i+1)*entrySize + int64(n.seq&1)*slotSize
	if err := c.put(c.buf[:noteBytes], at); err != nil {
		return err
	}
	c.entries[i].last = n
	return nil
}

func (c *checkpoint) close() {
	if c.kept() {
		c.fd.Close()
	}
}

// hash is FNV-1a.
func hash(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
