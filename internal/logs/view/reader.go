package view

import (
	"context"
	"time"
)

// Reader gives a program the lines of a log: those that it keeps, and those that come.
type Reader struct {
	path string
	h    *history
	from int64
}

// NewReader begins behind a cursor. If what lies there is no longer kept it says so,
// and begins with the oldest line that is. There may be no log yet. Close it.
func NewReader(path string, after Cursor) (r *Reader, lost bool, err error) {
	h, err := openHistory(path)
	if err != nil {
		return nil, false, err
	}
	from, ok := h.find(after)
	return &Reader{path, h, from}, !ok, nil
}

// Close ends it.
func (r *Reader) Close() { r.h.close() }

// Last has Past begin with the last n lines that match, as far back as match does not
// say that a line is too old; a negative n is all of them. It does not go back behind
// the cursor.
func (r *Reader) Last(ctx context.Context, n int, match func(line []byte) (ok, tooOld bool)) error {
	least := r.from
	for window := int64(firstWindow); ; window *= 8 {
		from, err := r.h.lineAfter(max(least, r.h.size-window))
		if err != nil {
			return err
		}
		from = max(from, least)
		var found []int64 // where the last n begin
		old := false
		err = r.h.each(ctx, from, func(off, _ int64, text []byte) error {
			ok, tooOld := match(text)
			if tooOld {
				old = true
			}
			if ok {
				if found = append(found, off); n >= 0 && len(found) > 2*n+1000 {
					found = append(found[:0], found[len(found)-n:]...)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if n >= 0 && len(found) > n {
			found = found[len(found)-n:]
		}
		if len(found) == n || old || from <= least {
			if r.from = r.h.size; len(found) > 0 {
				r.from = found[0]
			}
			return nil
		}
	}
}

// Skip leaves out all but the lines in the last so many bytes of those that there are.
func (r *Reader) Skip(but int64) (err error) {
	r.from, err = r.h.lineAfter(max(r.from, r.h.size-but))
	return err
}

// Past calls fn for each line that there is. The line, without its LF, is fn's until it
// returns.
func (r *Reader) Past(ctx context.Context, fn func(line []byte, behind Cursor) error) error {
	return r.h.each(ctx, r.from, func(off, size int64, text []byte) error {
		return fn(text, r.h.cursor(off+size+1, text))
	})
}

// Follow calls fn for each line that comes behind those of Past, until ctx ends, which
// is no error.
func (r *Reader) Follow(ctx context.Context, fn func(line []byte, behind Cursor) error) error {
	s := &stream{Log: Log{Path: r.path}}
	s.each = func(line []byte, _ time.Time, end int64) error {
		return fn(line, cursorBehind(s.file.Inode, end, line))
	}
	defer s.close()
	if err := s.take(r.h); err != nil {
		return err
	}
	return ended(followAll(ctx, []*stream{s}, func() error { return nil }))
}
