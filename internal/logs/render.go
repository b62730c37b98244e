package logs

import "bytes"

// lineState tells where the unified log stands within a source's line.
type lineState uint8

const (
	lineStart lineState = iota // between lines
	lineMid                    // within a line
	lineCR                     // behind a bare CR: the prefix comes again
	lineCont                   // the last piece was closed with Mark
)

// open reports whether the unified log ends within a line of the source, so
// that no other source may write.
func (s lineState) open() bool { return s == lineMid || s == lineCR }

// ending is how a piece without a line end is closed.
type ending uint8

const (
	endNone ending = iota // not at all: the rest follows at once
	endMark               // with Mark: the rest may follow later
	endLine               // with a line end: nothing follows
)

// room is what a piece may need beyond its own bytes and the prefix.
const room = 2*len(Mark) + 1

// render appends the lines of src, each behind prefix, to dst without growing
// it past its capacity. It returns how many bytes of src it took, all unless
// dst is full, and the state after them.
func render(dst, src, prefix []byte, state lineState) ([]byte, int, lineState) {
	bareCR := bytes.IndexByte(src, '\r') >= 0
	taken := 0
	for taken < len(src) {
		n, after := nextPiece(src[taken:], bareCR)
		free := cap(dst) - len(dst) - len(prefix) - room
		if n > free {
			if len(dst) > 0 || free <= 0 {
				break
			}
			n, after = free, lineMid
		}
		if state != lineMid {
			dst = append(dst, prefix...)
		}
		if state == lineCont {
			dst = append(dst, Mark...)
		}
		dst = append(dst, src[taken:taken+n]...)
		taken += n
		state = after
	}
	return dst, taken, state
}

// nextPiece returns the length of b's first piece and the state behind it. A
// piece ends behind LF, or behind a CR that is followed by something else.
func nextPiece(b []byte, bareCR bool) (int, lineState) {
	if !bareCR {
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return i + 1, lineStart
		}
		return len(b), lineMid
	}
	i := bytes.IndexAny(b, "\r\n")
	switch {
	case i < 0 || b[i] == '\r' && i+1 == len(b):
		return len(b), lineMid
	case b[i] == '\n':
		return i + 1, lineStart
	case b[i+1] == '\n':
		return i + 2, lineStart
	}
	return i + 1, lineCR
}

// closePiece appends what ends an open line to dst, which has room for it.
func closePiece(dst []byte, state lineState, how ending) ([]byte, lineState) {
	if how == endNone || !state.open() {
		return dst, state
	}
	if how == endMark {
		dst = append(dst, Mark...)
		state = lineCont
	} else {
		state = lineStart
	}
	return append(dst, '\n'), state
}

// writable returns how much of a piece without a line end can be written now: a
// CR waits for what follows it, and a character is not cut in two.
func writable(b []byte) int {
	n := len(b)
	for i := 1; i <= 3 && i <= n; i++ {
		c := b[n-i]
		if c&0xC0 == 0x80 {
			continue
		}
		if c >= 0xF0 && i < 4 || c >= 0xE0 && c < 0xF0 && i < 3 || c >= 0xC0 && c < 0xE0 && i < 2 {
			n -= i
		}
		break
	}
	if n > 0 && b[n-1] == '\r' {
		n--
	}
	return n
}
