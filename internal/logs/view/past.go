package view

import (
	"context"
	"time"

	"muster/internal/printable"
)

const (
	// firstWindow is what is read first of the end of a log: a screen or two.
	firstWindow = 64 << 10
	// sureWindow is from how large a part on a process that said no level in
	// it counts as one that says none.
	sureWindow = 1 << 20
)

// printPast prints the last lines of a history that match.
func (s *stream) printPast(ctx context.Context, h *history, o Options) error {
	least := int64(0)
	if o.Since > 0 {
		least = h.since(time.Now().Add(-o.Since))
	}
	if o.Lines < 0 {
		return h.each(ctx, least, func(off, _ int64, text []byte) error {
			return s.show(text, h.writtenAt(off))
		})
	}
	if o.Lines == 0 {
		return nil
	}
	last, err := s.last(ctx, h, o.Lines, least)
	if err != nil {
		return err
	}
	// The filter starts over, knowing what the lines before said.
	for _, m := range last {
		name, text, err := s.textOf(h, m)
		if err != nil {
			return err
		}
		if err := s.out.line(name, text, m.level, h.writtenAt(m.off)); err != nil {
			return err
		}
	}
	return nil
}

// last returns the last n matches that are not before least, or as many as there are.
func (s *stream) last(ctx context.Context, h *history, n int, least int64) ([]match, error) {
	for window := int64(firstWindow); ; window *= 8 {
		from, err := h.lineAfter(max(least, h.size-window))
		if err != nil {
			return nil, err
		}
		last, err := s.lastMatches(ctx, h, n, from, least)
		if err != nil || len(last) == n || from <= least {
			return last, err
		}
	}
}

type match struct {
	off   int64
	size  int64
	level Level
}

// lastMatches returns up to n matches behind from. A line whose level only what
// is before from can tell makes it forget all matches so far: with those that
// are left there is no doubt.
func (s *stream) lastMatches(ctx context.Context, h *history, n int, from, least int64) ([]match, error) {
	s.filter.forget()
	doubt := from > least && h.size-from < sureWindow
	ring, next := make([]match, 0, min(n, 1024)), 0
	err := h.each(ctx, from, func(off, size int64, line []byte) error {
		name, text := s.split(line)
		v := s.filter.judge(name, printable.WithoutSequences(text))
		if doubt && v.unknown {
			ring, next = ring[:0], 0
		}
		if !v.show {
			return nil
		}
		m := match{off, size, v.level}
		if len(ring) < n {
			ring = append(ring, m)
			return nil
		}
		ring[next] = m
		next = (next + 1) % len(ring)
		return nil
	})
	return append(ring[next:len(ring):len(ring)], ring[:next]...), err
}
