package clients

import (
	"bytes"
	"fmt"
	"strings"
)

func splitLines(data []byte) []string {
	if len(data) == 0 {
		return nil
	}
	lines := strings.SplitAfter(string(bytes.TrimSuffix(data, []byte("\n"))), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\n")
	}
	return lines
}

// span is what one hunk replaces: lines a0..a1 of the old by b0..b1 of the new.
type span struct{ a0, a1, b0, b1 int }

// unified is a unified diff's hunks, three lines of context around each.
func unified(a, b []string) string {
	const context = 3
	var out strings.Builder
	spans := differences(a, b)
	for i := 0; i < len(spans); {
		j := i + 1
		for j < len(spans) && spans[j].a0-spans[j-1].a1 <= 2*context {
			j++
		}
		group := spans[i:j]
		i = j
		first, last := group[0], group[len(group)-1]
		before, after := min(context, first.a0), min(context, len(a)-last.a1)
		a0, b0 := first.a0-before, first.b0-before
		fmt.Fprintf(&out, "@@ -%s +%s @@\n", lineRange(a0, last.a1+after-a0), lineRange(b0, last.b1+after-b0))
		at := a0
		for _, s := range group {
			writeLines(&out, " ", a[at:s.a0])
			writeLines(&out, "-", a[s.a0:s.a1])
			writeLines(&out, "+", b[s.b0:s.b1])
			at = s.a1
		}
		writeLines(&out, " ", a[at:last.a1+after])
	}
	return out.String()
}

func lineRange(start, count int) string {
	if count == 0 {
		return fmt.Sprintf("%d,0", start)
	}
	return fmt.Sprintf("%d,%d", start+1, count)
}

func writeLines(w *strings.Builder, mark string, lines []string) {
	for _, l := range lines {
		w.WriteString(mark + l + "\n")
	}
}

// differences finds what to replace: common ends are skipped, and the middle
// is split at lines that occur once on either side (a patience diff), which
// suits generated code.
func differences(a, b []string) []span {
	var out []span
	var walk func(a0, a1, b0, b1 int)
	walk = func(a0, a1, b0, b1 int) {
		for a0 < a1 && b0 < b1 && a[a0] == b[b0] {
			a0, b0 = a0+1, b0+1
		}
		for a0 < a1 && b0 < b1 && a[a1-1] == b[b1-1] {
			a1, b1 = a1-1, b1-1
		}
		if a0 == a1 && b0 == b1 {
			return
		}
		anchors := commonOnce(a[a0:a1], b[b0:b1])
		if len(anchors) == 0 {
			out = append(out, span{a0, a1, b0, b1})
			return
		}
		x, y := a0, b0
		for _, p := range anchors {
			walk(x, a0+p[0], y, b0+p[1])
			x, y = a0+p[0]+1, b0+p[1]+1
		}
		walk(x, a1, y, b1)
	}
	walk(0, len(a), 0, len(b))
	return out
}

// commonOnce lists the places of lines that both sides have exactly once, in
// an order that rises on both (the longest one).
func commonOnce(a, b []string) [][2]int {
	inA, inB := map[string][]int{}, map[string][]int{}
	for i, l := range a {
		inA[l] = append(inA[l], i)
	}
	for i, l := range b {
		inB[l] = append(inB[l], i)
	}
	var pairs [][2]int
	for i, l := range a {
		if len(inA[l]) == 1 && len(inB[l]) == 1 {
			pairs = append(pairs, [2]int{i, inB[l][0]})
		}
	}
	// The longest rising run of the second places, by patience sorting.
	piles := []int{}
	previous := make([]int, len(pairs))
	for i, p := range pairs {
		lo, hi := 0, len(piles)
		for lo < hi {
			if mid := (lo + hi) / 2; pairs[piles[mid]][1] < p[1] {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		previous[i] = -1
		if lo > 0 {
			previous[i] = piles[lo-1]
		}
		if lo == len(piles) {
			piles = append(piles, i)
		} else {
			piles[lo] = i
		}
	}
	if len(piles) == 0 {
		return nil
	}
	run := make([][2]int, len(piles))
	for i, at := len(piles)-1, piles[len(piles)-1]; i >= 0; i, at = i-1, previous[at] {
		run[i] = pairs[at]
	}
	return run
}
