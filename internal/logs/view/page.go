package view

import (
	"context"
	"errors"
	"time"

	"muster/internal/logs"
	"muster/internal/printable"
)

// Page is as much of a log as its reader can hold.
type Page struct {
	Lines []Line
	Next  Cursor // behind the last line that was looked at
	More  bool   // there are lines behind it
	Lost  bool   // what lies behind the cursor given is no longer kept; it begins with the oldest that is
}

// ReadPage reads the lines of the unified log behind a cursor that match, until their
// text has so many bytes; a longer line is cut. The zero cursor stands for the place
// that o.Lines and o.Since say.
func ReadPage(ctx context.Context, path string, o Options, after Cursor, most int) (p Page, err error) {
	grep, err := o.grep()
	if err != nil {
		return p, err
	}
	h, err := openHistory(path)
	if err != nil {
		return p, err
	}
	defer h.close()
	if len(h.files) == 0 {
		return p, &noLogError{path}
	}
	o.JSON = true
	s := &stream{Log: Log{Path: path}, filter: newFilter(o, grep)}
	from, ok := h.find(after)
	p.Lost = !ok
	if after == (Cursor{}) {
		if from, err = s.beginning(ctx, h, o); err != nil {
			return p, err
		}
	}
	// What the lines before said of the level is known to those behind.
	before, err := h.lineAfter(max(0, from-firstWindow))
	if err != nil {
		return p, err
	}
	s.filter.forget()
	longest := most
	err = h.each(ctx, min(before, from), func(off, size int64, line []byte) error {
		name, text := s.split(line)
		plain := printable.WithoutSequences(visible(text, logs.Prefix(name)))
		v := s.filter.judge(name, plain)
		if off < from {
			return nil
		}
		if v.show {
			l := lineOf(name, plain[:min(len(plain), longest)], v.level, h.writtenAt(off))
			if most -= len(l.Text) + lineCost; most < 0 && len(p.Lines) > 0 {
				p.More = true
				return errFull
			}
			p.Lines = append(p.Lines, l)
		}
		p.Next = h.cursor(off+size+1, line)
		return nil
	})
	if errors.Is(err, errFull) {
		err = nil
	}
	if err == nil && p.Next == (Cursor{}) { // nothing came
		p.Next, err = h.endCursor()
	}
	return p, err
}

var errFull = errors.New("the page is full")

// lineCost is about what a line has beside its text, in bytes.
const lineCost = 100

// beginning is where the last o.Lines lines that match begin.
func (s *stream) beginning(ctx context.Context, h *history, o Options) (int64, error) {
	least := int64(0)
	if o.Since > 0 {
		least = h.since(time.Now().Add(-o.Since))
	}
	if o.Lines < 0 {
		return least, nil
	}
	last, err := s.last(ctx, h, o.Lines, least)
	if err != nil || len(last) == 0 {
		return h.size, err
	}
	return last[0].off, nil
}
