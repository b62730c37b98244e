package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// jsonObject is an object in a file, by the places of what is in it, so that a member
// can be put there and every other byte stays.
type jsonObject struct {
	open    int // offset of its brace
	members []member
}

type member struct {
	name       string
	start, end int // offsets of its value
	lines      []string
}

// members reads the object that begins at an offset, and behind which nothing but
// blanks is.
func members(data []byte, at int) (o jsonObject, err error) {
	d := json.NewDecoder(bytes.NewReader(data[at:]))
	fail := func(err error) (jsonObject, error) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		line := 1 + bytes.Count(data[:min(at+int(d.InputOffset()), len(data))], []byte("\n"))
		return o, fmt.Errorf("line %d: it is no JSON that can be kept as it is (%w); comments are not JSON", line, err)
	}
	first, err := d.Token()
	if err != nil {
		return fail(err)
	}
	if first != json.Delim('{') {
		return o, errors.New("it is not an object")
	}
	o.open = at + int(d.InputOffset()) - 1
	seen := map[string]bool{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return fail(err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return fail(err)
		}
		key := name.(string)
		if seen[key] {
			return o, fmt.Errorf("it has %q twice", key)
		}
		seen[key] = true
		end := at + int(d.InputOffset())
		o.members = append(o.members, member{name: key, start: end - len(value), end: end})
	}
	if _, err := d.Token(); err != nil {
		return fail(err)
	}
	if rest := bytes.TrimSpace(data[at+int(d.InputOffset()):]); len(rest) > 0 {
		return fail(errors.New("something follows its end"))
	}
	return o, nil
}

func (o jsonObject) find(name string) (member, bool) {
	for _, m := range o.members {
		if m.name == name {
			return m, true
		}
	}
	return member{}, false
}

// insert puts a member at the end of the object, whose own line is indented so.
func (o jsonObject) insert(data []byte, name, value, indent, unit string) []byte {
	text := "\n" + indent + unit + quoted(name) + ": " + value
	if n := len(o.members); n > 0 {
		end := o.members[n-1].end
		return splice(data, end, end, ","+text)
	}
	end := o.open + 1 + bytes.IndexByte(data[o.open+1:], '}')
	return splice(data, o.open+1, end, text+"\n"+indent)
}

func splice(data []byte, from, to int, text string) []byte {
	if bytes.Contains(data, []byte("\r\n")) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return append(append(bytes.Clone(data[:from]), text...), data[to:]...)
}

// indentOf is what a level is indented by.
func indentOf(data []byte) string {
	for line := range bytes.Lines(data) {
		if text := bytes.TrimLeft(line, " \t"); len(text) > 0 && text[0] == '"' && len(line) > len(text) {
			return string(line[:len(line)-len(text)])
		}
	}
	return "  "
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
