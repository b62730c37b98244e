package view

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"muster/internal/logs"
	"muster/internal/printable"
)

// Place is one within a log: the first of these that is set.
type Place struct {
	Cursor   Cursor
	Time     time.Time
	Fraction float64 // of the bytes that are kept
	End      bool    // none set: the beginning
}

// Span is some lines in a row, of those that match.
type Span struct {
	Lines []SpanLine `json:"lines"`
	Prev  string     `json:"prev"`  // cursor before all that was looked at
	Next  string     `json:"next"`  // and behind it
	First bool       `json:"first"` // nothing is kept before that
	Last  bool       `json:"last"`  // nothing has come behind it
	From  int64      `json:"from"`  // where it lies, in bytes of all that is kept
	To    int64      `json:"to"`
	Size  int64      `json:"size"`
	Lost  bool       `json:"lost,omitempty"` // the cursor's place is no longer kept: it is the beginning
}

// SpanLine is a line and where it is.
type SpanLine struct {
	Line
	Cursor string `json:"cursor"` // behind it
	At     int64  `json:"at"`     // where it begins, in bytes of all that is kept
	Cut    bool   `json:"cut,omitempty"`
}

// SpanOptions say how much of a log is read.
type SpanOptions struct {
	Options
	Back  bool  // before the place
	Most  int   // lines
	Width int   // bytes of a line's text
	Bytes int64 // that are looked at, about: a rare line may need several spans
}

// ReadSpan reads the lines at a place of the unified log that match. It keeps nothing:
// what it costs does not hang on how large the log is.
func ReadSpan(ctx context.Context, path string, o SpanOptions, at Place) (s Span, err error) {
	o.JSON = true
	grep, err := o.grep()
	if err != nil {
		return s, err
	}
	h, err := openHistory(path)
	if err != nil {
		return s, err
	}
	defer h.close()
	r := spanReader{h, newFilter(o.Options, grep), o}
	off, ok, err := r.place(at)
	if err != nil {
		return s, err
	}
	s.Lost = !ok
	if o.Back {
		err = r.back(ctx, &s, off)
	} else {
		err = r.on(ctx, &s, off)
	}
	if err != nil {
		return s, err
	}
	s.Size, s.First, s.Last = h.size, s.From == 0, s.Last || s.To >= h.size
	if s.Prev, err = r.cursor(s.From); err == nil {
		s.Next, err = r.cursor(s.To)
	}
	if s.Lines == nil {
		s.Lines = []SpanLine{}
	}
	return s, err
}

type spanReader struct {
	*history
	filter *filter
	o      SpanOptions
}

func (r spanReader) place(at Place) (off int64, ok bool, err error) {
	switch {
	case at.Cursor != Cursor{}:
		off, ok = r.find(at.Cursor)
		return off, ok, nil
	case !at.Time.IsZero():
		return r.since(at.Time), true, nil
	case at.Fraction > 0:
		off, err = r.lineAfter(int64(min(at.Fraction, 1) * float64(r.size)))
		return off, true, err
	case at.End:
		end, err := r.end()
		if len(r.files) > 0 {
			end += r.starts[len(r.starts)-1]
		}
		return end, true, err
	}
	return 0, true, nil
}

// on reads from off on.
func (r spanReader) on(ctx context.Context, s *Span, off int64) error {
	s.From, s.To = off, off
	full := false
	err := r.lines(ctx, off, r.size, func(l SpanLine, show bool, end int64) bool {
		if full = len(s.Lines) == r.o.Most || end-off > r.o.Bytes; full {
			return false
		}
		if show {
			s.Lines = append(s.Lines, l)
		}
		s.To = end
		return true
	})
	s.Last = !full
	return err
}

// back reads up to off.
func (r spanReader) back(ctx context.Context, s *Span, off int64) error {
	s.From, s.To = off, off
	for window := int64(firstWindow); s.From > 0 && len(s.Lines) < r.o.Most && off-s.From < r.o.Bytes; window *= 4 {
		from, err := r.lineAfter(max(0, s.From-window))
		if err != nil {
			return err
		}
		if from >= s.From { // within one long line
			continue
		}
		var part []SpanLine
		err = r.lines(ctx, from, s.From, func(l SpanLine, show bool, _ int64) bool {
			if show {
				part = append(part, l)
			}
			if len(part) > 2*r.o.Most+1 { // of many the last are wanted, and one more: it tells that there are others
				part = slices.Delete(part, 0, len(part)-r.o.Most-1)
			}
			return true
		})
		if err != nil {
			return err
		}
		s.Lines, s.From = append(part, s.Lines...), from
	}
	if more := len(s.Lines) - r.o.Most; more > 0 {
		s.Lines = s.Lines[more:]
		s.From = s.Lines[0].At
	}
	return nil
}

// lines calls fn for the lines between two offsets, until it says no. What the lines
// before say of the level is known.
func (r spanReader) lines(ctx context.Context, from, to int64, fn func(l SpanLine, show bool, end int64) bool) error {
	r.filter.forget()
	warm, err := r.lineAfter(max(0, from-firstWindow))
	if err != nil {
		return err
	}
	err = r.each(ctx, min(warm, from), func(off, size int64, line []byte) error {
		if off >= to {
			return errFull
		}
		name, text := logs.SplitPrefix(line)
		plain := plainOf(name, text)
		v := r.filter.judge(name, plain)
		if off < from {
			return nil
		}
		var l SpanLine
		if v.show {
			cut := len(plain) > r.o.Width
			l = SpanLine{lineOf(name, plain[:min(len(plain), r.o.Width)], v.level, r.writtenAt(off)), r.history.cursor(off+size+1, line).String(), off, cut}
		}
		if !fn(l, v.show, off+size+1) {
			return errFull
		}
		return nil
	})
	if errors.Is(err, errFull) {
		err = nil
	}
	return err
}

// cursor is the one at an offset, which is a line's beginning.
func (r spanReader) cursor(off int64) (string, error) {
	if off == 0 {
		return "", nil
	}
	i := len(r.files) - 1
	for i > 0 && r.starts[i] >= off {
		i--
	}
	in := off - r.starts[i]
	tail := make([]byte, min(in-1, cursorTail))
	if _, err := r.files[i].Pread(tail, in-1-int64(len(tail))); err != nil {
		return "", err
	}
	return cursorBehind(r.files[i].Inode, in, tail).String(), nil
}

// FollowSpan calls give with the lines behind a place that match, as they come, until
// ctx ends, which is no error. Where more have come at once than somebody can look at
// it says so, and gives the last ones.
func FollowSpan(ctx context.Context, path string, o SpanOptions, after Cursor, give func(lines []SpanLine, missed bool) error) error {
	o.JSON = true
	grep, err := o.grep()
	if err != nil {
		return err
	}
	h, err := openHistory(path)
	if err != nil {
		return err
	}
	r := spanReader{h, newFilter(o.Options, grep), o}
	off, ok := h.find(after)
	missed := !ok
	var batch []SpanLine
	if h.size-off > o.Bytes {
		missed = true
		off, err = h.lineAfter(h.size - o.Bytes)
	}
	add := func(l SpanLine) {
		if batch = append(batch, l); len(batch) > 2*o.Most {
			batch, missed = slices.Delete(batch, 0, len(batch)-o.Most), true
		}
	}
	at := off
	if err == nil {
		err = r.lines(ctx, off, h.size, func(l SpanLine, show bool, end int64) bool {
			if at = end; show {
				add(l)
			}
			return true
		})
	}
	if err != nil {
		h.close()
		return ended(err)
	}
	s := &stream{Log: Log{Path: path}}
	s.each = func(line []byte, now time.Time, end int64) error {
		name, text := logs.SplitPrefix(line)
		plain := plainOf(name, text)
		if v := r.filter.judge(name, plain); v.show {
			cut := len(plain) > o.Width
			add(SpanLine{lineOf(name, plain[:min(len(plain), o.Width)], v.level, now), cursorBehind(s.file.Inode, end, line).String(), at, cut})
		}
		at += int64(len(line)) + 1
		return nil
	}
	defer s.close()
	if err := s.take(h); err != nil {
		return err
	}
	return ended(followAll(ctx, []*stream{s}, func() error {
		if len(batch) == 0 {
			return nil
		}
		lines, m := batch, missed
		batch, missed = nil, false
		return give(lines, m)
	}))
}

// plainOf is what a terminal would show of a line, without sequences.
func plainOf(name string, text []byte) []byte {
	if bytes.IndexByte(text, '\r') >= 0 {
		text = visible(text, logs.Prefix(name))
	}
	return printable.WithoutSequences(text)
}
