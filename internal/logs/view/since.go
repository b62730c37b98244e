package view

import (
	"slices"
	"sort"
	"time"

	"muster/internal/logs"
)

// since returns the offset of the first line that was written at t or, as the
// index is that coarse, up to a second before. Without an index it is 0.
func (h *history) since(t time.Time) int64 {
	from := h.size
	for i := range slices.Backward(h.files) {
		moments := h.index(i)
		if len(moments) == 0 {
			if i == len(h.files)-1 || from == h.starts[i+1] {
				from = h.starts[i]
			}
			continue
		}
		n := sort.Search(len(moments), func(n int) bool { return moments[n].At.Add(logs.IndexEvery).After(t) })
		if n < len(moments) {
			from = h.starts[i] + moments[n].Offset
		}
		if n > 0 {
			return from
		}
		from = h.starts[i]
	}
	return from
}

// writtenAt returns when the line at an offset was written or, as the index is
// that coarse, up to a second before; the zero time where the index does not tell.
func (h *history) writtenAt(off int64) time.Time {
	file := sort.Search(len(h.starts), func(i int) bool { return h.starts[i] > off }) - 1
	if file < 0 || file >= len(h.files) {
		return time.Time{}
	}
	if h.moments == nil {
		for i := range h.files {
			h.moments = append(h.moments, h.index(i))
		}
	}
	moments := h.moments[file]
	n := sort.Search(len(moments), func(n int) bool { return moments[n].Offset > off-h.starts[file] })
	if n == 0 {
		return time.Time{}
	}
	return moments[n-1].At
}

// index reads the time index of file i, which was rotated a moment before the
// file was.
func (h *history) index(i int) []logs.Moment {
	f := h.files[i]
	size, err := f.Size()
	if err != nil {
		return nil
	}
	for n := 0; n <= len(h.files); n++ {
		if moments := logs.ReadIndex(h.path, n, f.Inode, size); len(moments) > 0 {
			return moments
		}
	}
	return nil
}
