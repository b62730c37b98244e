package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxFile is far above what a person writes and low enough to parse at once.
const maxFile = 1 << 20

// parseTree reads one YAML document. Its root is nil for an empty one.
func parseTree(data []byte) (root *yaml.Node, problem *Problem) {
	if p := checkText(data); p != nil {
		return nil, p
	}
	defer func() {
		// The library promises errors, but earlier versions of it panicked on
		// crafted input, and a mistake in a file must never show a stack.
		if r := recover(); r != nil {
			root, problem = nil, &Problem{Line: 1, Column: 1, Message: fmt.Sprintf("cannot be read as YAML: %v", r)}
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, locate(data, err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, &Problem{Line: max(second.Line, 1), Column: max(second.Column, 1),
			Message: "a second document begins here, but the file must hold only one: remove the `---` line"}
	case !errors.Is(err, io.EOF):
		return nil, locate(data, err)
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	return document.Content[0], nil
}

// checkText refuses what an editor would count or show differently than the
// YAML reader does.
func checkText(data []byte) *Problem {
	if len(data) > maxFile {
		return &Problem{Line: 1, Column: 1, Message: "the file is larger than 1 MiB"}
	}
	line, column := 1, 0
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		column++
		message := ""
		switch {
		case r == utf8.RuneError && size == 1:
			message = fmt.Sprintf("byte 0x%02x is not UTF-8: save the file as UTF-8", data[i])
		case r == '\r' && (i+1 == len(data) || data[i+1] != '\n'):
			message = "a carriage return without a line feed: save the file with LF or CRLF line ends"
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r >= 0x7f && r < 0xa0, r == 0x2028, r == 0x2029,
			r == 0xfeff, r == 0xfffe, r == 0xffff:
			message = fmt.Sprintf("the control character U+%04X is not allowed", r)
		}
		if message != "" {
			return &Problem{Line: line, Column: column, Message: message}
		}
		if r == '\n' {
			line, column = line+1, 0
		}
		i += size
	}
	return nil
}

// locate finds where a syntax error is. The library tells a line only, and
// often that of the block around the mistake. The mistake is on the line
// after the longest run of lines that is valid YAML by itself, not behind the
// line at which the reader gave up: this finds the quote or bracket that was
// never closed as well as the line that is indented wrongly.
func locate(data []byte, err error) *Problem {
	feed := &lineFeed{rest: data}
	_ = readAll(feed)
	lines := bytes.SplitAfter(data, []byte("\n"))
	bad := min(max(feed.lines, 1), len(lines))
	end := len(bytes.Join(lines[:bad], nil))
	found := false
	effort := 2 << 20 // bytes to parse in search of the line: a tenth of a second, plenty for what a person writes
	for m := bad - 1; m >= 0 && effort > 0; m-- {
		end -= len(lines[m])
		effort -= end
		if readAll(bytes.NewReader(data[:end])) == nil {
			bad, found = m+1, true
			break
		}
	}
	text, said := splitError(err)
	if !found && said > 0 && said <= len(lines) {
		bad = said
	}
	line := strings.TrimRight(string(lines[bad-1]), "\r\n")
	message, column := explain(text, line)
	return &Problem{Line: bad, Column: column, Message: message}
}

// readAll reads every document and returns the first error.
func readAll(r io.Reader) error {
	decoder := yaml.NewDecoder(r)
	for {
		var n yaml.Node
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// lineFeed hands out one line at a time, so that the number of lines that the
// reader wanted tells how far it came.
type lineFeed struct {
	rest  []byte
	lines int
	inner bool // in the middle of a line
}

func (f *lineFeed) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		return 0, io.EOF
	}
	end := bytes.IndexByte(f.rest, '\n') + 1
	if end == 0 {
		end = len(f.rest)
	}
	if !f.inner {
		f.lines++
	}
	n := copy(p, f.rest[:end])
	f.inner = n < end
	f.rest = f.rest[n:]
	return n, nil
}

// splitError takes the library's message apart: "yaml: line 3: text".
func splitError(err error) (text string, line int) {
	text = strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if number, rest, ok := strings.Cut(rest, ": "); ok {
			line, _ = strconv.Atoi(number)
			text = rest
		}
	}
	return text, line
}

// explain puts the library's message into words that say what to do, and
// finds the column within the line.
func explain(text, line string) (message string, column int) {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	at := func(i int) int {
		if i < 0 {
			i = indent
		}
		return utf8.RuneCountInString(line[:i]) + 1
	}
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case indent < len(line) && line[indent] == '\t':
		return "a tab in the indentation: YAML allows spaces only", at(indent)
	case has("mapping values are not allowed"):
		return "wrong indentation, a missing `:` on the line above, or a text with `: ` in it that must be quoted", at(strings.LastIndex(line, ": "))
	case has("',' or ']'"):
		return "the `[` is not closed, or a `,` is missing in the list", at(strings.Index(line, "["))
	case has("',' or '}'"):
		return "the `{` is not closed, or a `,` is missing in the mapping", at(strings.Index(line, "{"))
	case has("unexpected end of stream"):
		return "a quote is not closed", at(strings.IndexAny(line, `"'`))
	case has("unknown anchor"):
		name := strings.TrimSuffix(strings.TrimPrefix(text, "unknown anchor '"), "' referenced")
		return "the anchor " + tick(name) + " is not defined above", at(strings.Index(line, "*"+name))
	case has("could not find expected ':'"):
		return "a `:` is missing after the key, or a quote or bracket is not closed", at(-1)
	case has("did not find expected key"), has("did not find expected '-' indicator"), has("block collection entries"),
		has("block sequence entries"):
		return "wrong indentation, a missing `:` or an unclosed quote or bracket", at(-1)
	case has("cannot start any token"):
		return "a text that begins with a special character must be quoted", at(strings.IndexAny(line, "@`%|>\t"))
	}
	return "not valid YAML: " + text, at(-1)
}
