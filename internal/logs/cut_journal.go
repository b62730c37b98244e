package logs

import (
	"encoding/binary"

	"muster/internal/logs/follow"
)

// stage is how far a rotation in place has come.
type stage uint8

const (
	stageNone    stage = iota // none is under way
	stageCopied               // the head's copy is complete, the head as it was
	stageStamped              // the head carries the stamp, or is cut off already
)

// journal is what is written down of a rotation in place, so that one which
// was interrupted anywhere is completed.
type journal struct {
	seq       uint64
	stage     stage
	inode     follow.Inode
	cut       int64 // bytes to cut off the head
	blank     int64 // bytes behind the cut that complete its last line
	off       int64 // position in the source before the cut
	state     lineState
	anchorLen int // bytes before off that stay as they are, at most follow.AnchorSize
	anchorSum uint64
}

func (j journal) encode(b []byte) {
	le := binary.LittleEndian
	clear(b[:slotSize])
	le.PutUint64(b[8:], j.seq)
	le.PutUint64(b[16:], j.inode.Dev)
	le.PutUint64(b[24:], j.inode.Ino)
	le.PutUint64(b[32:], uint64(j.cut))
	le.PutUint64(b[40:], uint64(j.blank))
	le.PutUint64(b[48:], uint64(j.off))
	b[56], b[57] = byte(j.stage), byte(j.state)
	le.PutUint16(b[58:], uint16(j.anchorLen))
	le.PutUint64(b[64:], j.anchorSum)
	le.PutUint64(b, hash(b[8:journalSize]))
}

func decodeJournal(b []byte) (journal, bool) {
	le := binary.LittleEndian
	j := journal{
		seq:   le.Uint64(b[8:]),
		inode: follow.Inode{Dev: le.Uint64(b[16:]), Ino: le.Uint64(b[24:])},
		cut:   int64(le.Uint64(b[32:])),
		blank: int64(le.Uint64(b[40:])),
		off:   int64(le.Uint64(b[48:])),
		stage: stage(b[56]), state: lineState(b[57]),
		anchorLen: int(le.Uint16(b[58:])),
		anchorSum: le.Uint64(b[64:]),
	}
	return j, j.seq > 0 && le.Uint64(b) == hash(b[8:journalSize]) && j.possible()
}

// possible tells whether a unifier can have written a journal.
func (j journal) possible() bool {
	return j.stage <= stageStamped && j.state <= lineCont && j.cut >= 0 && j.blank >= 0 && j.blank <= farLine &&
		j.cut <= j.off && j.blank <= j.off-j.cut && int64(j.anchorLen) <= min(follow.AnchorSize, j.off-j.cut-j.blank)
}

// writeJournal writes down j for entry i.
func (c *checkpoint) writeJournal(i int, j journal) error {
	j.seq = c.next(c.entries[i].journal.seq)
	j.encode(c.buf[:])
	at := int64(i+1)*entrySize + journalAt + int64(j.seq&1)*slotSize
	if err := c.put(c.buf[:journalSize], at); err != nil {
		return err
	}
	c.entries[i].journal = j
	return nil
}
