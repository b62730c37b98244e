package view

import (
	"fmt"
	"hash/crc32"

	"muster/internal/logs/follow"
)

// Cursor is the place behind a line of a log. It finds that place again when the log
// was rotated, and knows when what lay there is gone. The zero cursor is the beginning
// of all that is kept.
type Cursor struct {
	ino  uint64 // of the file
	off  int64  // behind the line
	tail int    // so many bytes before it
	sum  uint32 // have this sum
}

// cursorTail is how much of a line's end a cursor remembers, in bytes.
const cursorTail = 64

// cursorBehind is that of a line, without its LF, that ends at an offset of a file.
func cursorBehind(inode follow.Inode, off int64, line []byte) Cursor {
	if len(line) >= longest { // not all of it is known
		line = nil
	}
	line = line[max(0, len(line)-cursorTail):]
	return Cursor{inode.Ino, off, len(line), crc32.ChecksumIEEE(line)}
}

// String writes it for a program, which hands it back as it is; "" is the zero cursor.
func (c Cursor) String() string {
	if c == (Cursor{}) {
		return ""
	}
	return fmt.Sprintf("%x-%x-%x-%x", c.ino, c.off, c.tail, c.sum)
}

// ParseCursor reads one; "" is the zero cursor.
func ParseCursor(s string) (c Cursor, err error) {
	if s == "" {
		return c, nil
	}
	_, err = fmt.Sscanf(s, "%x-%x-%x-%x", &c.ino, &c.off, &c.tail, &c.sum)
	if err != nil || c.String() != s || c.off < 0 || c.tail > cursorTail || int64(c.tail) >= c.off {
		return Cursor{}, fmt.Errorf("%q is no cursor of this program", s)
	}
	return c, nil
}

// find returns where in the whole a cursor is; not ok if that is no longer kept.
func (h *history) find(c Cursor) (off int64, ok bool) {
	if c == (Cursor{}) {
		return 0, true
	}
	for i, f := range h.files {
		if f.Inode.Ino != c.ino {
			continue
		}
		tail := make([]byte, c.tail+1)
		n, err := f.Pread(tail, c.off-int64(len(tail)))
		if err == nil && n == len(tail) && tail[c.tail] == '\n' && crc32.ChecksumIEEE(tail[:c.tail]) == c.sum {
			return h.starts[i] + c.off, true
		}
	}
	return 0, false
}

// cursor is that of a line whose LF is right before an offset of the whole.
func (h *history) cursor(off int64, line []byte) Cursor {
	i := len(h.files) - 1
	for i > 0 && h.starts[i] >= off {
		i--
	}
	return cursorBehind(h.files[i].Inode, off-h.starts[i], line)
}

// endCursor is the cursor behind the last whole line.
func (h *history) endCursor() (Cursor, error) {
	end, err := h.end()
	if err != nil || end == 0 {
		return Cursor{}, err
	}
	f := h.files[len(h.files)-1]
	tail := make([]byte, min(end-1, cursorTail))
	if _, err := f.Pread(tail, end-1-int64(len(tail))); err != nil {
		return Cursor{}, err
	}
	return cursorBehind(f.Inode, end, tail), nil
}
