package apidoc

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// jsonReader reads JSON into a tree. Other than encoding/json it refuses a key
// that stands twice in an object, bounds what it reads, and tells each place.
type jsonReader struct {
	data   []byte
	at     int
	bounds *bounds
	keys   map[string]string // a document repeats a few words
}

func readJSON(data []byte, b *bounds) (any, error) {
	r := jsonReader{data: data, bounds: b, keys: map[string]string{}}
	v, err := r.value(1)
	if err != nil {
		return nil, err
	}
	if r.blanks(); r.at < len(data) {
		return nil, fmt.Errorf("%w: more text after the end", ErrIncomplete)
	}
	return v, nil
}

func (r *jsonReader) value(depth int) (any, error) {
	r.blanks()
	if err := r.bounds.take(depth); err != nil {
		return nil, fmt.Errorf("%s: %w", r.place(r.at), err)
	}
	switch c := r.next(); c {
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	case '"':
		return r.text()
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.word("null")
	default:
		return r.number()
	}
}

func (r *jsonReader) object(depth int) (any, error) {
	r.at++
	m := map[string]any{}
	if r.blanks(); r.next() == '}' {
		r.at++
		return m, nil
	}
	for {
		if r.blanks(); r.next() != '"' {
			return nil, r.unexpected("a key in quotes")
		}
		start := r.at
		key, err := r.key()
		if err != nil {
			return nil, err
		}
		if _, ok := m[key]; ok {
			return nil, fmt.Errorf("%s: the key %q stands twice in one object", r.place(start), shorten(key))
		}
		if r.blanks(); r.next() != ':' {
			return nil, r.unexpected("a colon")
		}
		r.at++
		if m[key], err = r.value(depth + 1); err != nil {
			return nil, err
		}
		if more, err := r.more('}'); !more {
			return m, err
		}
	}
}

func (r *jsonReader) array(depth int) (any, error) {
	r.at++
	l := []any{}
	if r.blanks(); r.next() == ']' {
		r.at++
		return l, nil
	}
	for {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
		if more, err := r.more(']'); !more {
			return l, err
		}
	}
}

// more tells whether another element follows, and passes what says so.
func (r *jsonReader) more(end byte) (bool, error) {
	r.blanks()
	switch r.next() {
	case ',':
		r.at++
		return true, nil
	case end:
		r.at++
		return false, nil
	}
	return false, r.unexpected("a comma or " + string(end))
}

func (r *jsonReader) key() (string, error) {
	start := r.at
	for i := start + 1; i < len(r.data) && i < start+32; i++ {
		if c := r.data[i]; c == '"' {
			if known, ok := r.keys[string(r.data[start+1:i])]; ok {
				r.at = i + 1
				return known, nil
			}
			break
		} else if c == '\\' {
			break
		}
	}
	s, err := r.text()
	if err == nil && len(s) < 32 {
		r.keys[s] = s
	}
	return s, err
}

func (r *jsonReader) text() (string, error) {
	start, plain := r.at, true
	for r.at++; r.at < len(r.data); r.at++ {
		switch c := r.data[r.at]; {
		case c == '"':
			r.at++
			return r.unquote(start, plain)
		case c == '\\':
			r.at++
			plain = false
		case c < ' ':
			return "", r.unexpected("none in a string")
		}
	}
	return "", r.unexpected("")
}

func (r *jsonReader) unquote(start int, plain bool) (string, error) {
	quoted := r.data[start:r.at]
	if inside := quoted[1 : len(quoted)-1]; plain && utf8.Valid(inside) {
		return string(inside), nil
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrIncomplete, r.place(start), err)
	}
	return s, nil
}

func (r *jsonReader) word(w string) error {
	if rest := r.data[r.at:]; !strings.HasPrefix(string(rest[:min(len(rest), len(w))]), w) {
		return r.unexpected(w)
	}
	r.at += len(w)
	return nil
}

func (r *jsonReader) number() (any, error) {
	n := 0
	for _, c := range r.data[r.at:] {
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			break
		}
		n++
	}
	text := string(r.data[r.at : r.at+n])
	if !isNumber(text) {
		return nil, r.unexpected("a value")
	}
	r.at += n
	return json.Number(text), nil
}

// isNumber tells whether JSON writes a number so (RFC 8259, section 6).
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	digits := func() int {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n
	}
	zero := strings.HasPrefix(s, "0")
	if n := digits(); n == 0 || zero && n > 1 {
		return false
	}
	if strings.HasPrefix(s, ".") {
		if s = s[1:]; digits() == 0 {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if digits() == 0 {
			return false
		}
	}
	return s == ""
}

func (r *jsonReader) blanks() {
	for r.at < len(r.data) && (r.data[r.at] == ' ' || r.data[r.at] == '\n' || r.data[r.at] == '\t' || r.data[r.at] == '\r') {
		r.at++
	}
}

// next is the byte that comes, or 0 at the end.
func (r *jsonReader) next() byte {
	if r.at < len(r.data) {
		return r.data[r.at]
	}
	return 0
}

func (r *jsonReader) unexpected(want string) error {
	if r.at >= len(r.data) {
		return fmt.Errorf("%w: line %d: it ends too early", ErrIncomplete, 1+strings.Count(string(r.data), "\n"))
	}
	c, _ := utf8.DecodeRune(r.data[r.at:])
	return fmt.Errorf("%w: %s: the character %q instead of %s", ErrIncomplete, r.place(r.at), c, want)
}

// place is line:column of an offset, as a person counts.
func (r *jsonReader) place(offset int) string {
	before := string(r.data[:offset])
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("line %d, column %d", 1+strings.Count(before, "\n"), column+1)
}

// shorten keeps a text of a document from filling a message.
func shorten(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}
