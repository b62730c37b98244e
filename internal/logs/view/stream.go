package view

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"muster/internal/logs"
	"muster/internal/logs/follow"
	"muster/internal/printable"
)

// stream is a log whose lines come.
type stream struct {
	Log
	each   func(line []byte, written time.Time, end int64) error // told of each line that comes, and where in the file it ends
	filter *filter
	out    *printer
	file   *follow.File
	line   []byte // the beginning of a line whose end is still to come
	armed  bool
}

// split takes a line apart.
func (s *stream) split(line []byte) (name string, text []byte) {
	if s.Name != "" {
		return s.Name, line
	}
	return logs.SplitPrefix(line)
}

// show prints a line, which was written at a time, if it matches.
func (s *stream) show(line []byte, at time.Time) error {
	name, text := s.split(line)
	v := s.filter.judge(name, printable.WithoutSequences(text))
	if !v.show || !s.filter.first(text) {
		return nil
	}
	return s.out.line(name, text, v.level, at)
}

// take goes on behind the last whole line of h, which it closes.
func (s *stream) take(h *history) error {
	defer h.close()
	if len(h.files) == 0 {
		return nil
	}
	end, err := h.end()
	if err != nil {
		return err
	}
	last := len(h.files) - 1
	s.file = h.files[last]
	h.files = h.files[:last]
	_, err = s.file.MoveTo(end)
	return err
}

func (s *stream) close() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}

// read prints what has come and reports whether anything has.
func (s *stream) read(ctx context.Context, buf []byte) (came bool, err error) {
	for ctx.Err() == nil {
		n := 0
		if s.file != nil {
			if n, err = s.block(buf); err != nil {
				return came, err
			}
		}
		if n > 0 {
			came = true
			continue
		}
		// At the end: has the path come to lead elsewhere?
		f, err := s.next()
		if errors.Is(err, os.ErrNotExist) {
			return came, nil
		}
		if err != nil {
			return came, err
		}
		if f == nil {
			return came, nil
		}
		if s.file != nil {
			// Its last lines may have come before it was renamed.
			if n, err := s.block(buf); err != nil || n > 0 {
				f.Close()
				if err != nil {
					return came, err
				}
				came = true
				continue
			}
		}
		s.close()
		s.file, s.line, s.armed, came = f, nil, false, true
	}
	return came, nil
}

// next opens the file that follows the present one: what the path leads to,
// or a rotated one if there was more than one rotation since. It returns nil
// if the path leads to the present file.
func (s *stream) next() (*follow.File, error) {
	for {
		f, err := follow.Open(s.Path)
		if err != nil || s.file == nil {
			return f, err
		}
		if f.Inode == s.file.Inode {
			f.Close()
			return nil, nil
		}
		at := s.rotatedAs()
		if at <= 1 {
			return f, nil
		}
		f.Close()
		f, err = follow.Open(logs.Rotated(s.Path, at-1))
		if err == nil && s.rotatedAs() == at {
			return f, nil
		}
		if err == nil {
			f.Close() // rotated once more meanwhile
		}
	}
}

// rotatedAs returns which of the rotated files the present one is; 0: none. A
// rotation that is under way leaves a gap of one.
func (s *stream) rotatedAs() int {
	for n, gaps := 1, 0; gaps < 2; n++ {
		inode, _, err := follow.Stat(logs.Rotated(s.Path, n))
		switch {
		case err != nil:
			gaps++
		case inode == s.file.Inode:
			return n
		default:
			gaps = 0
		}
	}
	return 0
}

// block prints the lines of one block and returns its length. No choice changes
// meanwhile.
func (s *stream) block(buf []byte) (n int, err error) {
	if s.out == nil {
		return s.readFile(buf)
	}
	err = s.filter.live.during(func() error {
		if n, err = s.readFile(buf[:s.out.block()]); err != nil || n == 0 {
			return err
		}
		return s.out.flush()
	})
	return n, err
}

// readFile prints the lines of one block and returns its length.
func (s *stream) readFile(buf []byte) (int, error) {
	data, err := s.file.Read(buf)
	if errors.Is(err, follow.ErrShrunk) {
		s.line = nil
		if !s.file.Relocate() {
			s.file.Restart()
		}
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	at := s.file.Offset
	s.file.Advance(data)
	n, now := len(data), time.Now()
	for {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			s.keep(data)
			return n, nil
		}
		line := data[:i]
		if len(s.line) > 0 {
			s.keep(line)
			line, s.line = s.line, nil
		}
		at += int64(i + 1)
		if err := s.each(line, now, at); err != nil {
			return n, err
		}
		data = data[i+1:]
	}
}

// keep adds to the line whose end is still to come.
func (s *stream) keep(part []byte) {
	s.line = append(s.line, part[:min(len(part), longest-len(s.line))]...)
}
