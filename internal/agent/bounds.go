package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"muster/internal/hint"
	"muster/internal/printable"
)

// An answer is to hold at most 20,000 tokens. The tokenizers of today's models work on
// bytes, so that no token has less than one byte: what a client gives its model, the
// structured form or the text, has at most mostBytes and is below that bound whatever is
// in it. A client that gives both to its model is still below it as long as a token has
// 1.6 bytes; JSON with log lines has 2.5 to 4.
const (
	mostTokens = 20_000
	mostBytes  = 16_000
	listBytes  = mostBytes - 3_000 // of it for the items of a list
	itemBytes  = 4_000             // of that for one of them
)

// place is where a list goes on, as a cursor says it: how many items there were before.
func place(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(cursor)
	if err != nil || n < 0 {
		return 0, lostCursor(cursor)
	}
	return n, nil
}

func lostCursor(cursor string) error {
	return hint.With(usage(fmt.Sprintf("%q is no cursor of this tool", cursor)), "hand next_cursor back as it was, or leave cursor out to begin anew")
}

// page is as much of a list, from a cursor on, as an answer holds, and the cursor of
// what follows, "" if nothing does.
func page[T any](all []T, cursor string) (part []T, next string, err error) {
	return pageOf(all, cursor, listBytes)
}

// pageOf is page for an answer that has so many bytes for the list.
func pageOf[T any](all []T, cursor string, left int) (part []T, next string, err error) {
	from, err := place(cursor)
	if err != nil {
		return nil, "", err
	}
	part = []T{}
	for i := min(from, len(all)); i < len(all); i++ {
		data, err := encode(all[i])
		if err != nil {
			return nil, "", err
		}
		if left -= len(data) + 1; left < 0 && len(part) > 0 {
			return part, strconv.Itoa(i), nil
		}
		part = append(part, all[i])
	}
	return part, "", nil
}

// lastOf are the last lines that have so many bytes together.
func lastOf(lines []string, most int) []string {
	from := len(lines)
	for from > 0 && most > 0 {
		from--
		most -= size(lines[from])
	}
	if most < 0 {
		from++
	}
	if from == len(lines) && from > 0 { // a line that is too long by itself
		return []string{clip(lines[from-1], itemBytes/2)}
	}
	return lines[from:]
}

// sizeOf is what a value takes in an answer, in bytes.
func sizeOf(v any) int {
	data, _ := encode(v)
	return len(data) + 1
}

func size(text string) int { return sizeOf(text) }

// clip cuts a text that takes more than so many bytes.
func clip(text string, most int) string {
	if size(text) <= most {
		return text
	}
	runes := []rune(text)
	keep, step := 0, len(runes)
	for step > 0 { // the most that fits, to within a rune
		if keep+step <= len(runes) && size(string(runes[:keep+step])) <= most-20 {
			keep += step
			continue
		}
		step /= 2
	}
	return string(runes[:keep]) + " (cut)"
}

// spelled is JSON whose texts show a control where it stands, as \u001b, instead of
// having it: a reader and a terminal get what is written, and no order.
func spelled(data []byte) []byte {
	data = printable.JSON(data)
	if !bytes.Contains(data, []byte(`\u`)) && !bytes.Contains(data, []byte(`\r`)) && !bytes.Contains(data, []byte(`\b`)) && !bytes.Contains(data, []byte(`\f`)) {
		return data
	}
	out := make([]byte, 0, len(data)+64)
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' || i+1 == len(data) {
			out = append(out, data[i])
			continue
		}
		switch c := data[i+1]; {
		case c == 'r', c == 'b', c == 'f', c == 'u' && acts(data[i:]):
			out = append(out, '\\', '\\', c)
		default:
			out = append(out, '\\', c)
		}
		i++
	}
	return out
}

// acts tells whether an escape stands for a control, and not for a rune that JSON
// alone writes so.
func acts(escape []byte) bool {
	if len(escape) < 6 {
		return false
	}
	var r string
	if json.Unmarshal(append(append([]byte{'"'}, escape[:6]...), '"'), &r) != nil {
		return false
	}
	return printable.Line(r) != r || r < " "
}
