package logs

import (
	"encoding/binary"
	"os"
	"sort"
	"time"
)

// since returns the offset of the first line that was written at t or, as the
// index is that coarse, up to a second before. Without an index it is 0.
func (h *history) since(t time.Time) int64 {
	from := h.size
	for i := len(h.files) - 1; i >= 0; i-- {
		times := h.index(i)
		if len(times) == 0 {
			if i == len(h.files)-1 || from == h.starts[i+1] {
				from = h.starts[i]
			}
			continue
		}
		n := sort.Search(len(times), func(n int) bool { return times[n].at.Add(indexEvery).After(t) })
		if n < len(times) {
			from = h.starts[i] + times[n].off
		}
		if n > 0 {
			return from
		}
		from = h.starts[i]
	}
	return from
}

type indexed struct {
	at  time.Time
	off int64
}

// index reads the time index of file i.
func (h *history) index(i int) []indexed {
	f := h.files[i]
	path := h.path + indexSuffix
	size, err := f.size()
	if err != nil {
		return nil
	}
	for n := 0; n <= len(h.files); n++ {
		name := path
		if n > 0 {
			name = rotated(path, n)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		valid := validIndex(b, f.id.ino, size)
		var times []indexed
		for at := indexHead; at < valid; at += indexRecord {
			times = append(times, indexed{
				at:  time.UnixMilli(int64(binary.LittleEndian.Uint64(b[at:]))),
				off: int64(binary.LittleEndian.Uint64(b[at+8:])),
			})
		}
		if len(times) > 0 {
			return times
		}
	}
	return nil
}
