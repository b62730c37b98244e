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
