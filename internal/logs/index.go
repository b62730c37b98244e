package logs

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"muster/internal/local"
	"muster/internal/logs/follow"
)

// The time index lies beside the unified log, whose lines carry no time. It
// begins with the log's inode, so that an index that belongs to another file
// is never believed, and has a Moment for each IndexEvery in which lines came.
const (
	indexSuffix = ".idx"
	indexHead   = 16 // magic, inode
	indexRecord = 16 // Unix milliseconds, offset
	indexMagic  = uint64(0x78646e6974736d31)
	maxIndex    = 64 << 20 // a month and a half of lines in every second
)

// IndexEvery is how fine the time index is.
const IndexEvery = time.Second

// Moment is a record of the time index: a time, and the offset of the first
// line that was written then.
type Moment struct {
	At     time.Time
	Offset int64
}

// ReadIndex returns the n-th rotated time index of a log, as far as it is that
// of the file given, which has so many bytes. There may be none.
func ReadIndex(log string, n int, inode follow.Inode, size int64) []Moment {
	b, err := local.Read(Rotated(log+indexSuffix, n), maxIndex)
	if err != nil {
		return nil
	}
	valid := validIndex(b, inode, size)
	var moments []Moment
	for at := indexHead; at < valid; at += indexRecord {
		moments = append(moments, Moment{
			At:     time.UnixMilli(int64(binary.LittleEndian.Uint64(b[at:]))),
			Offset: int64(binary.LittleEndian.Uint64(b[at+8:])),
		})
	}
	return moments
}

// validIndex returns how much of b is an index of the log that has the inode
// and size given.
func validIndex(b []byte, inode follow.Inode, size int64) int {
	le := binary.LittleEndian
	if len(b) < indexHead || le.Uint64(b) != indexMagic || le.Uint64(b[8:]) != inode.Ino {
		return 0
	}
	at := indexHead
	for last := int64(0); at+indexRecord <= len(b); at += indexRecord {
		off := int64(le.Uint64(b[at+8:]))
		if off < last || off >= size {
			break
		}
		last = off
	}
	return at
}

// timeIndex is an index that is written. Trouble with it is nobody's trouble
// but -since's: it is then left alone.
type timeIndex struct {
	path string
	fd   follow.FD // 0: closed
	size int64
	last time.Time
}

// open continues the index of the log that has the path, inode and size given.
func (x *timeIndex) open(log string, inode follow.Inode, size int64) error {
	x.close()
	x.path, x.last = log+indexSuffix, time.Time{}
	b, err := local.Read(x.path, maxIndex)
	if err != nil {
		b = nil // it begins anew, or cannot be opened either
	}
	fd, err := follow.OpenRegular(x.path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return fmt.Errorf("cannot write the time index: %w", err)
	}
	x.fd = fd
	x.size = int64(validIndex(b, inode, size))
	if x.size == 0 {
		head := binary.LittleEndian.AppendUint64(nil, indexMagic)
		head = binary.LittleEndian.AppendUint64(head, inode.Ino)
		if err := fd.Pwrite(head, 0); err != nil {
			return fmt.Errorf("cannot write %s: %w", x.path, err)
		}
		x.size = indexHead
	}
	return fd.Truncate(x.size)
}

// add notes that the bytes from off on were written at the time now.
func (x *timeIndex) add(now time.Time, off int64) {
	if x.fd == 0 || now.Sub(x.last) < IndexEvery {
		return
	}
	x.last = now
	var b [indexRecord]byte
	binary.LittleEndian.PutUint64(b[:], uint64(now.UnixMilli()))
	binary.LittleEndian.PutUint64(b[8:], uint64(off))
	if x.fd.Pwrite(b[:], x.size) == nil {
		x.size += indexRecord
	}
}

// reset empties the index after the log was truncated.
func (x *timeIndex) reset() {
	if x.fd != 0 {
		x.fd.Truncate(indexHead)
		x.size, x.last = indexHead, time.Time{}
	}
}

func (x *timeIndex) close() {
	if x.fd != 0 {
		x.fd.Close()
		x.fd = 0
	}
}
