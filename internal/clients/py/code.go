// Package py writes Python's source. Text that others wrote gets into a Code by
// one function for each place where it may stand, as data; nothing else but what
// this program itself says can become one, which the compiler sees to.
package py

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// Code is a piece of Python's source. The zero value is no code at all.
type Code struct{ source string }

func (c Code) String() string { return c.source }

// Said tells whether there is any code.
func (c Code) Said() bool { return c.source != "" }

// constant is a text that is written in a program: no other package can make
// one of what it has read.
type constant string

// F formats pieces of code, each at a %s.
func F(format constant, pieces ...Code) Code {
	args := make([]any, len(pieces))
	for i, p := range pieces {
		args[i] = p.source
	}
	return Code{fmt.Sprintf(string(format), args...)}
}

// Join joins pieces of code.
func Join(pieces []Code, separator constant) Code {
	all := make([]string, len(pieces))
	for i, p := range pieces {
		all[i] = p.source
	}
	return Code{strings.Join(all, string(separator))}
}

// Text is a string literal. Go's escapes mean the same in Python.
func Text(s string) Code { return Code{strconv.Quote(strings.ToValidUTF8(s, "\ufffd"))} }

// Int is a whole number, if it is one.
func Int(n json.Number) (Code, bool) {
	i, ok := new(big.Int).SetString(n.String(), 10)
	if !ok {
		return Code{}, false
	}
	return Code{i.String()}, true
}

// Bool is True or False.
func Bool(b bool) Code {
	if b {
		return Code{"True"}
	}
	return Code{"False"}
}

// Name is a name: one that is none already is made one.
func Name(s string) Code {
	name := []byte(s)
	for i, c := range name {
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9' || i == 0) {
			name[i] = '_'
		}
	}
	if len(name) == 0 || isKeyword(s) {
		name = append(name, '_')
	}
	return Code{string(name)}
}

// keywords are Python's (docs.python.org: Lexical analysis).
const keywords = `False None True and as assert async await break class continue def del elif else except finally for
from global if import in is lambda nonlocal not or pass raise return try while with yield`

func isKeyword(s string) bool {
	for word := range strings.FieldsSeq(keywords) {
		if word == s {
			return true
		}
	}
	return false
}

// Doc is what stands in a docstring between its three quotes, its further lines
// indented by so many blanks.
func Doc(s string, indent int) Code {
	s = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		l = strings.TrimRight(strings.Map(shown, l), " \t")
		if l != "" && i > 0 {
			l = strings.Repeat(" ", indent) + l
		}
		lines[i] = l
	}
	// Escaping comes last: what it looks at must be what Python will see.
	text := strings.ReplaceAll(strings.TrimSpace(strings.Join(lines, "\n")), `\`, `\\`)
	var b strings.Builder
	for i, r := range text {
		if r == '"' && (i+1 == len(text) || text[i+1] == '"') {
			b.WriteByte('\\') // the last, and all but the last of several, could end it
		}
		b.WriteRune(r)
	}
	return Code{b.String()}
}

// Comment is what stands on one line behind a #.
func Comment(s string) Code { return Code{oneLine(s)} }

func oneLine(s string) string {
	const most = 160 // longer ones say little that the document does not say better
	s = strings.Join(strings.Fields(strings.Map(shown, strings.ToValidUTF8(s, "\ufffd"))), " ")
	if r := []rune(s); len(r) > most {
		s = strings.TrimSpace(string(r[:most])) + " ..."
	}
	return s
}

// shown, for strings.Map, drops what a reader would not see, or would see
// elsewhere than Python does.
func shown(r rune) rune {
	if r >= ' ' && r < 0x7f {
		return r
	}
	if unicode.Is(unicode.Cc, r) && !unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0xfeff {
		return -1
	}
	return r
}
