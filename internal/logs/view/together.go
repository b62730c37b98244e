package view

import (
	"bytes"
	"context"
	"slices"
	"time"

	"muster/internal/printable"
)

// mostTogether bounds how many lines of each log are put in order.
const mostTogether = 100_000

// printTogether prints the last lines of several logs that match in order of time, as
// far as that is known: of each line, what it says or when it was written.
func printTogether(ctx context.Context, streams []*stream, histories []*history, o Options) error {
	type placed struct {
		match
		stream int
		at     time.Time
	}
	n := mostTogether
	if o.Lines >= 0 {
		n = min(n, o.Lines)
	}
	var all []placed
	for i, s := range streams {
		least := int64(0)
		if o.Since > 0 {
			least = histories[i].since(time.Now().Add(-o.Since))
		}
		matches, err := s.last(ctx, histories[i], n, least)
		if err != nil {
			return err
		}
		var at time.Time
		for _, m := range matches {
			_, text, err := s.textOf(histories[i], m)
			if err != nil {
				return err
			}
			if t := whenOf(printable.WithoutSequences(text), histories[i].writtenAt(m.off)); t.After(at) {
				at = t // a log's own order stays
			}
			all = append(all, placed{m, i, at})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int { return a.at.Compare(b.at) })
	for _, p := range all[max(0, len(all)-n):] {
		s, h := streams[p.stream], histories[p.stream]
		name, text, err := s.textOf(h, p.match)
		if err == nil && s.filter.first(text) {
			err = s.out.line(name, text, p.level, h.writtenAt(p.off))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// textOf reads a line that matched.
func (s *stream) textOf(h *history, m match) (name string, text []byte, err error) {
	line := make([]byte, min(m.size, longest))
	if _, err := h.ReadAt(line, m.off); err != nil {
		return "", nil, err
	}
	name, text = s.split(line)
	return name, text, nil
}

// first tells whether a line of the access log, which the unified log may have too, is
// seen for the first time. Other lines are their own.
func (f *filter) first(text []byte) bool {
	if f.requests == nil {
		return true
	}
	if _, ok := parseJSONRequest(text); !ok {
		return true
	}
	seen := f.requests[string(text)]
	f.requests[string(text)] = true
	return !seen
}

// hasWord tells whether a text has a word: no letter, digit, "_" or "-" next to it.
func hasWord(text []byte, word string) bool {
	inWord := func(c byte) bool { return letter(c) || c >= '0' && c <= '9' || c == '_' || c == '-' }
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte(word))
		if i < 0 {
			return false
		}
		begin, end := from+i, from+i+len(word)
		if (begin == 0 || !inWord(text[begin-1])) && (end == len(text) || !inWord(text[end])) {
			return true
		}
		from = begin + 1
	}
}
