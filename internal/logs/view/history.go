package view

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"muster/internal/logs"
	"muster/internal/logs/follow"
)

// history is a log with its rotated files, oldest first, as one. The last
// file is the one that may be followed.
type history struct {
	path   string
	files  []*follow.File
	starts []int64 // offset of each file within the whole
	size   int64

	moments [][]logs.Moment // of each file, once they were asked for
}

// openHistory opens the log at path; that it does not exist yet is no error.
func openHistory(path string) (*history, error) {
	h := &history{path: path}
	seen := map[follow.Inode]bool{}
	// A rotation under way leaves one number free for a moment.
	for i, missing := 0, 0; missing < 2; i++ {
		f, err := follow.Open(logs.Rotated(path, i))
		if errors.Is(err, os.ErrNotExist) {
			if i > 0 {
				missing++
			}
			continue
		}
		missing = 0
		if err != nil {
			h.close()
			return nil, fmt.Errorf("cannot read the log: %w", err)
		}
		if seen[f.Inode] { // it was rotated just now
			f.Close()
			continue
		}
		seen[f.Inode] = true
		h.files = append([]*follow.File{f}, h.files...)
	}
	for _, f := range h.files {
		size, err := f.Size()
		if err != nil {
			h.close()
			return nil, fmt.Errorf("cannot read the log: %w", err)
		}
		h.starts = append(h.starts, h.size)
		h.size += size
	}
	return h, nil
}

func (h *history) close() {
	for _, f := range h.files {
		f.Close()
	}
	h.files = nil
}

// ReadAt implements io.ReaderAt.
func (h *history) ReadAt(b []byte, off int64) (int, error) {
	got := 0
	for i, f := range h.files {
		end := h.size
		if i+1 < len(h.files) {
			end = h.starts[i+1]
		}
		for off < end && got < len(b) {
			n, err := f.Pread(b[got:][:min(int64(len(b)-got), end-off)], off-h.starts[i])
			if err != nil {
				return got, err
			}
			if n == 0 {
				return got, io.ErrUnexpectedEOF // truncated just now
			}
			got, off = got+n, off+int64(n)
		}
	}
	if got < len(b) {
		return got, io.EOF
	}
	return got, nil
}

// longest is how many bytes of a line are shown, what has more is no line, and may
// have more than there is memory.
const longest = 16 << 20

// each calls fn for each line from the offset from, which is a line's
// beginning, to the last line end, until ctx ends. The line, of size bytes, has
// no LF and is cut after longest.
func (h *history) each(ctx context.Context, from int64, fn func(off, size int64, text []byte) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(h, from, h.size-from), 64<<10)
	var long []byte
	var read int64 // of the line
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		part, err := r.ReadSlice('\n')
		read += int64(len(part))
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, part[:min(len(part), longest-len(long))]...)
			continue
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = nil
			}
			return err
		}
		text := part[:len(part)-1]
		if len(long) > 0 {
			long = append(long, text[:min(len(text), longest-len(long))]...)
			text = long
		}
		if err := fn(from, read-1, text); err != nil {
			return err
		}
		from, read, long = from+read, 0, long[:0]
	}
}

// lineAfter returns the beginning of the first line at or behind off.
func (h *history) lineAfter(off int64) (int64, error) {
	if off <= 0 {
		return 0, nil
	}
	b := make([]byte, 64<<10)
	for off--; off < h.size; off += int64(len(b)) {
		n, err := h.ReadAt(b, off)
		if i := bytes.IndexByte(b[:n], '\n'); i >= 0 {
			return off + int64(i) + 1, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
	}
	return h.size, nil
}

// end returns where the last whole line ends, within the last file.
func (h *history) end() (int64, error) {
	if len(h.files) == 0 {
		return 0, nil
	}
	start := h.starts[len(h.files)-1]
	b := make([]byte, 64<<10)
	for to := h.size; to > start; {
		from := max(start, to-int64(len(b)))
		n, err := h.ReadAt(b[:to-from], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
			return from + int64(i) + 1 - start, nil
		}
		to = from
	}
	return 0, nil
}
