package watch

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A timeline is written as events at milliseconds; a run takes a time of its
// own, and what runs when is the result. No clock is involved.
func TestGather(t *testing.T) {
	every := func(from, to, step int) []int {
		var at []int
		for i := from; i < to; i += step {
			at = append(at, i)
		}
		return at
	}
	for _, c := range []struct {
		name   string
		events []int // milliseconds
		same   bool  // all of one file
		takes  int   // a run
		settle int   // the caller's own
		want   string
	}{
		{"a change that stands alone runs at once", []int{0}, false, 10, 0, "3"},
		{"an editor's write, rename and chmod are one", []int{0, 0, 1, 2}, false, 10, 0, "5"},
		{"two changes far apart are two runs", []int{0, 1000}, false, 10, 0, "3 1003"},
		{"a file written on and on is not waited for", every(0, 60, 2), true, 100, 0, "25 125"},
		{"2,000 files in a tenth of a second are one run", every(0, 2000, 1)[:100], false, 10, 0, "149"},
		{"a burst slower than it looks at first spans two runs", append([]int{0}, every(20, 300, 7)...), false, 10, 0, "3 343"},
		{"a change during a run starts one more", []int{0, 50}, false, 100, 0, "3 103"},
		{"several changes during a run start only one more", []int{0, 20, 50, 90}, false, 100, 0, "3 140"},
		{"a change right after a run is gathered", []int{0, 30, 60}, false, 10, 0, "3 110"},
		{"a burst that never ends runs all the same", every(0, 25000, 20), false, 10, 0, "3 10020 20040 25030"},
		{"a caller may have changes left alone for longer", []int{0, 40, 90, 500}, true, 10, 100, "190 600"},
		{"but not for ever", every(0, 3000, 20), true, 10, 100, "1000 3080"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Unix(1000, 0)
			g := gather{settle: time.Duration(c.settle) * time.Millisecond}
			var runs []string
			end, next := -1, 0
			for ms := range 40000 {
				now := start.Add(time.Duration(ms) * time.Millisecond)
				for ; next < len(c.events) && c.events[next] == ms; next++ {
					path := fmt.Sprint("f", next)
					if c.same {
						path = "f"
					}
					g.event(now, path)
				}
				if g.running && ms >= end {
					g.done(func(string) bool { return true })
				}
				if at, ok := g.due(); ok && !now.Before(at) {
					g.start(now)
					end = ms + c.takes
					runs = append(runs, fmt.Sprint(ms))
				}
			}
			if got := strings.Join(runs, " "); got != c.want {
				t.Errorf("runs at %s, want %s", got, c.want)
			}
		})
	}
}

func TestGatherForgetsItsOwnWrites(t *testing.T) {
	now := time.Unix(1000, 0)
	var g gather
	g.event(now, "source")
	if paths := g.start(now); len(paths) != 1 || paths[0] != "source" {
		t.Errorf("got %v", paths)
	}
	g.event(now, "client")
	g.done(func(path string) bool { return path != "client" })
	if _, ok := g.due(); ok {
		t.Error("its own write starts a run")
	}
}

func TestGatherTellsNoPathsWhenThereAreTooMany(t *testing.T) {
	now := time.Unix(1000, 0)
	var g gather
	for i := range remembered + 5 {
		g.event(now, fmt.Sprint(i))
	}
	if at, ok := g.due(); !ok || at != now.Add(quiet) {
		t.Errorf("due at %v, %v", at, ok)
	}
	if paths := g.start(now); paths != nil {
		t.Errorf("got %d paths", len(paths))
	}
	if _, ok := g.due(); ok {
		t.Error("due again")
	}
}
