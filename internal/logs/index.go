package logs

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The time index lies beside the unified log, whose lines carry no time. It
// begins with the log's inode, so that an index that belongs to another file
// is never believed, and has a record for each second in which lines came.
const (
	indexSuffix = ".idx"
	indexHead   = 16 // magic, inode
	indexRecord = 16 // Unix milliseconds, offset of the first line of that time
	indexEvery  = time.Second
)

const indexMagic = uint64(0x78646e6974736d31)

// timeIndex is an index that is written. Trouble with it is nobody's trouble
// but -since's: it is then left alone.
type timeIndex struct {
	path string
	fd   int // 0: closed
	size int64
	last time.Time
}

// open continues the index of the log that has the path, inode and size given.
func (x *timeIndex) open(log string, id identity, size int64) error {
	x.close()
	x.path, x.last = log+indexSuffix, time.Time{}
	b, err := os.ReadFile(x.path)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("cannot read the time index: %w", err)
	}
	fd, err := openFile(x.path, unix.O_RDWR|unix.O_CREAT)
	if err != nil {
		return fmt.Errorf("cannot write the time index: %w", err)
	}
	x.fd = fd
	x.size = int64(validIndex(b, id.ino, size))
	if x.size == 0 {
		head := binary.LittleEndian.AppendUint64(nil, indexMagic)
		head = binary.LittleEndian.AppendUint64(head, id.ino)
		if err := pwrite(fd, head, 0); err != nil {
			return fmt.Errorf("cannot write %s: %w", x.path, err)
		}
		x.size = indexHead
	}
	return unix.Ftruncate(fd, x.size)
}

// validIndex returns how much of b is an index of the log that has the inode
// and size given.
func validIndex(b []byte, ino uint64, size int64) int {
	le := binary.LittleEndian
	if len(b) < indexHead || le.Uint64(b) != indexMagic || le.Uint64(b[8:]) != ino {
		return 0
	}
	at := indexHead
	for at+indexRecord <= len(b) && int64(le.Uint64(b[at+8:])) < size {
		at += indexRecord
	}
	return at
}

// add notes that the bytes from off on were written at the time now.
func (x *timeIndex) add(now time.Time, off int64) {
	if x.fd == 0 || now.Sub(x.last) < indexEvery {
		return
	}
	x.last = now
	var b [indexRecord]byte
	binary.LittleEndian.PutUint64(b[:], uint64(now.UnixMilli()))
	binary.LittleEndian.PutUint64(b[8:], uint64(off))
	if pwrite(x.fd, b[:], x.size) == nil {
		x.size += indexRecord
	}
}

// reset empties the index after the log was truncated.
func (x *timeIndex) reset() {
	if x.fd != 0 {
		unix.Ftruncate(x.fd, indexHead)
		x.size, x.last = indexHead, time.Time{}
	}
}

func (x *timeIndex) close() {
	if x.fd != 0 {
		unix.Close(x.fd)
		x.fd = 0
	}
}
