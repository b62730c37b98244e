// Package printable makes text that others wrote safe to show: nothing of it
// but colour is an order to a terminal. Escape sequences go, whatever else a
// terminal or a reader's eye would act on (control characters of both sets, line
// ends, marks that turn the direction of text, bytes that are no UTF-8) becomes
// visible, as Go writes it: \r, \x07, \u202e.
package printable

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

const esc = 0x1b

// Append appends a line to dst. With colour, colours pass, and end with the line.
func Append(dst, line []byte, colour bool) []byte {
	open := false
	for len(line) > 0 {
		if n := clean(line); n > 0 {
			dst, line = append(dst, line[:n]...), line[n:]
			continue
		}
		if line[0] == esc {
			n := sequence(line)
			if colour && isColour(line[:n]) {
				dst = append(dst, line[:n]...)
				open = !isReset(line[:n])
			}
			line = line[n:]
			continue
		}
		r, n := utf8.DecodeRune(line)
		switch {
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == utf8.RuneError && n == 1, r < utf8.RuneSelf:
			dst = fmt.Appendf(dst, `\x%02x`, line[0])
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
		line = line[n:]
	}
	if open {
		dst = append(dst, "\x1b[0m"...)
	}
	return dst
}

// Line is a text as one line, colours included.
func Line(s string) string { return string(Append(nil, []byte(s), true)) }

// Text is a text of several lines, each made safe.
func Text(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = Line(line)
	}
	return strings.Join(lines, "\n")
}

// JSON is what an encoder of JSON wrote, with the same values: what it left of
// controls can only be within strings, where an escape means the same.
func JSON(b []byte) []byte {
	var out []byte
	from := 0 // of what is not in out yet
	for i := 0; i < len(b); {
		r, n := rune(b[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(b[i:])
		}
		if r >= 0x7f && acts(r) {
			out = fmt.Appendf(append(out, b[from:i]...), `\u%04x`, r)
			from = i + n
		}
		i += n
	}
	if from == 0 {
		return b
	}
	return append(out, b[from:]...)
}

// clean returns how many of the first bytes may be shown as they are.
func clean(b []byte) int {
	for i := 0; i < len(b); {
		c := b[i]
		if c >= 0x20 && c < 0x7f || c == '\t' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			return i
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 || acts(r) {
			return i
		}
		i += n
	}
	return len(b)
}

// acts reports whether a character does something instead of being seen: a
// control, a line end, or a mark that turns the direction of what follows.
func acts(r rune) bool {
	return r < 0x20 && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0x61c || r == 0x200e || r == 0x200f ||
		r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// isColour reports whether a sequence is one that chooses colours (ECMA-48: SGR).
func isColour(seq []byte) bool {
	if len(seq) < 3 || len(seq) > 64 || seq[1] != '[' || seq[len(seq)-1] != 'm' {
		return false
	}
	return len(bytes.Trim(seq[2:len(seq)-1], "0123456789;:")) == 0
}

func isReset(seq []byte) bool { return len(bytes.Trim(seq[2:len(seq)-1], "0")) == 0 }

// WithoutSequences returns b without escape sequences (ECMA-48: CSI, OSC and the
// short ones). It returns b itself if there are none.
func WithoutSequences(b []byte) []byte {
	i := bytes.IndexByte(b, esc)
	if i < 0 {
		return b
	}
	var out []byte
	for ; i >= 0; i = bytes.IndexByte(b, esc) {
		out = append(out, b[:i]...)
		b = b[i:]
		b = b[sequence(b):]
	}
	return append(out, b...)
}

// sequence returns the length of the escape sequence that b begins with.
func sequence(b []byte) int {
	if len(b) < 2 {
		return len(b)
	}
	switch b[1] {
	case '[':
		for i := 2; i < len(b); i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				return i + 1
			}
			if b[i] < 0x20 || b[i] > 0x7e {
				return i
			}
		}
		return len(b)
	case ']':
		for i := 2; i < len(b); i++ {
			if b[i] == 7 {
				return i + 1
			}
			if b[i] == esc {
				if i+1 < len(b) && b[i+1] == '\\' {
					return i + 2
				}
				return i
			}
		}
		return len(b)
	}
	i := 1
	for i < len(b)-1 && b[i] >= 0x20 && b[i] <= 0x2f {
		i++
	}
	if b[i] >= 0x30 && b[i] <= 0x7e {
		return i + 1
	}
	return i
}
