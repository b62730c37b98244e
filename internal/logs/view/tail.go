// Package view shows the logs to a person or a program: the last lines or those
// of some time, filtered by process, level and pattern, and whatever comes. It
// reads the files alone and asks no unifier, so that it works whether one runs,
// dies or is replaced.
package view

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
)

// Options say which lines Tail shows, and how.
type Options struct {
	Only  []string      // names of processes or servers; none: all
	Grep  string        // regular expression (regexp/syntax) that the text matches; "": all
	Level Level         // the least level; NoLevel: all
	Since time.Duration // only lines that are not older; 0: of any age
	Lines int           // the last so many lines that match; negative: all there are

	Follow bool // go on with the lines that come
	JSON   bool // an object a line: process, level, time, text

	Terminal bool // a person reads: JSON lines are made readable
	Color    bool // with colours; otherwise those of the lines are taken out, too
}

// Log is a log to show.
type Log struct {
	Name string // of its process; "": it is the unified log, whose lines say it
	Path string // absolute
}

// Tail writes lines of the logs to w, one log after the other, and until ctx
// ends those that come. It reads the rotated files as well, as far as they are
// needed, and goes on when a log is rotated, cleaned, removed or written by
// another supervisor.
func Tail(ctx context.Context, w io.Writer, o Options, all ...Log) error {
	t := &tailer{o: o, out: newPrinter(w, o)}
	if o.Grep != "" {
		var err error
		if t.grep, err = regexp.Compile(o.Grep); err != nil {
			return fmt.Errorf("-grep=%s is no regular expression: %s", o.Grep,
				strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
	}
	return t.run(ctx, all)
}

// tailer is one call of Tail.
type tailer struct {
	o    Options
	grep *regexp.Regexp
	out  *printer
}

// noLogError says that there is nothing to show.
type noLogError struct{ path string }

func (e *noLogError) Error() string { return "there is no log yet: " + e.path }
func (e *noLogError) Hint() string  { return "start the backend first: backend:start" }
func (e *noLogError) Unwrap() error { return os.ErrNotExist }

func (t *tailer) run(ctx context.Context, all []Log) error {
	var streams []*stream
	defer func() {
		for _, s := range streams {
			s.close()
		}
	}()
	found := false
	for _, l := range all {
		s := &stream{Log: l, filter: newFilter(t.o, t.grep)}
		streams = append(streams, s)
		h, err := openHistory(l.Path)
		if err != nil {
			return err
		}
		found = found || len(h.files) > 0
		if err := t.first(ctx, s, h); err != nil {
			h.close()
			return ended(err)
		}
		if err := s.take(h); err != nil {
			return err
		}
	}
	if !found && !t.o.Follow {
		return &noLogError{all[0].Path}
	}
	if err := t.out.flush(); err != nil || !t.o.Follow {
		return err
	}
	return ended(t.follow(ctx, streams))
}

// ended makes the end of the context no error: it is how a tail ends.
func ended(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

const (
	// firstWindow is what is read first of the end of a log: a screen or two.
	firstWindow = 64 << 10
	// sureWindow is from how large a part on a process that said no level in
	// it counts as one that says none.
	sureWindow = 1 << 20
)

// first prints the last lines of a history that match.
func (t *tailer) first(ctx context.Context, s *stream, h *history) error {
	least := int64(0)
	if t.o.Since > 0 {
		least = h.since(time.Now().Add(-t.o.Since))
	}
	if t.o.Lines < 0 {
		return h.each(least, func(_ int64, text []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return t.show(s, text)
		})
	}
	if t.o.Lines == 0 {
		return nil
	}
	for window := int64(firstWindow); ; window *= 8 {
		from, err := h.lineAfter(max(least, h.size-window))
		if err != nil {
			return err
		}
		last, err := t.last(ctx, s, h, from, least)
		if err != nil {
			return err
		}
		if len(last) < t.o.Lines && from > least {
			continue
		}
		// The filter starts over, knowing what the lines before said.
		for _, m := range last {
			line := make([]byte, m.size)
			if _, err := h.ReadAt(line, m.off); err != nil {
				return err
			}
			if err := t.print(s, line, m.level); err != nil {
				return err
			}
		}
		return nil
	}
}

type match struct {
	off   int64
	size  int
	level Level
}

// last returns up to Lines matches behind from. A line whose level only what
// is before from can tell makes it forget all matches so far: with those that
// are left there is no doubt.
func (t *tailer) last(ctx context.Context, s *stream, h *history, from, least int64) ([]match, error) {
	s.filter = newFilter(t.o, t.grep)
	doubt := from > least && h.size-from < sureWindow
	ring, next := make([]match, 0, min(t.o.Lines, 1024)), 0
	err := h.each(from, func(off int64, line []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, text := s.split(line)
		v := s.filter.judge(name, stripANSI(text))
		if doubt && v.unknown {
			ring, next = ring[:0], 0
		}
		if !v.show {
			return nil
		}
		m := match{off, len(line), v.level}
		if len(ring) < t.o.Lines {
			ring = append(ring, m)
			return nil
		}
		ring[next] = m
		next = (next + 1) % len(ring)
		return nil
	})
	return append(ring[next:len(ring):len(ring)], ring[:next]...), err
}

// show prints a line if it matches.
func (t *tailer) show(s *stream, line []byte) error {
	name, text := s.split(line)
	v := s.filter.judge(name, stripANSI(text))
	if !v.show {
		return nil
	}
	return t.print(s, line, v.level)
}

func (t *tailer) print(s *stream, line []byte, level Level) error {
	name, text := s.split(line)
	return t.out.line(name, text, level)
}
