package view

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"muster/internal/logs"
)

func TestSinceFindsTheLinesOfATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{T: t, dir: t.TempDir(), max: 600}
		f.unified = f.path("backend-unified")
		f.open()
		defer f.u.Close()
		f.add("a")
		begin := time.Now()
		var lines []string
		var times []time.Time
		for i := range 60 {
			lines, times = append(lines, line("a", fmt.Sprintf("%02d", i))), append(times, time.Now())
			appendTo(t, f.path("a"), fmt.Sprintf("%02d\n", i))
			if err := f.u.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if time.Sleep(300 * time.Millisecond); i%10 == 9 {
				time.Sleep(4 * time.Second)
			}
		}
		if _, err := os.Stat(logs.Rotated(f.unified, 2)); err != nil {
			t.Fatal("the log was not rotated:", err)
		}
		for _, n := range []int{-1, 7} {
			objects := strings.Split(strings.TrimSpace(shown(t, f.unified, Options{Lines: n, JSON: true})), "\n")
			for i, l := range objects {
				var got struct {
					Time time.Time
				}
				if err := json.Unmarshal([]byte(l), &got); err != nil {
					t.Fatal(err)
				}
				if late := times[len(times)-len(objects)+i].Sub(got.Time); late < 0 || late >= time.Second {
					t.Errorf("%s: %s early", l, late)
				}
			}
		}
		now := time.Now()
		for at := begin.Add(-time.Second); at.Before(now); at = at.Add(100 * time.Millisecond) {
			got := shown(t, f.unified, Options{Lines: -1, Since: now.Sub(at)})
			// No line of that time or later is missing, and none is a second older.
			all := slices.IndexFunc(times, func(l time.Time) bool { return l.After(at.Add(-time.Second)) })
			least := slices.IndexFunc(times, func(l time.Time) bool { return !l.Before(at) })
			if least < 0 {
				least = len(lines)
			}
			if all < 0 {
				all = len(lines)
			}
			if !strings.HasSuffix(strings.Join(lines[all:], ""), got) || !strings.HasSuffix(got, strings.Join(lines[least:], "")) {
				t.Errorf("since %v: %d lines, want %d to %d of them", at.Sub(begin), strings.Count(got, "\n"), len(lines)-least, len(lines)-all)
			}
		}
	})
}

func TestABrokenTimeIndexIsNotBelieved(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	f.add("a")
	want := ""
	for i := range 3 {
		appendTo(t, f.path("a"), fmt.Sprintf("%d\n", i))
		want += line("a", fmt.Sprint(i))
	}
	out := follower(t, f.unified, Options{Lines: -1})
	waitFor(t, out, want)
	f.stop()
	index, err := os.ReadFile(f.unified + ".idx")
	if err != nil {
		t.Fatal(err)
	}
	head, record := index[:16], index[16:32]
	for _, offsets := range [][]int64{{-1}, {-1 << 62}, {0, -5}, {30, 1}, {1 << 62}} {
		broken := slices.Clone(head)
		for _, off := range offsets {
			broken = append(broken, record[:8]...)
			broken = binary.LittleEndian.AppendUint64(broken, uint64(off))
		}
		if err := os.WriteFile(f.unified+".idx", broken, 0o600); err != nil {
			t.Fatal(err)
		}
		got := shown(t, f.unified, Options{Lines: -1, Since: time.Hour})
		if offsets[0] <= 0 && got != want || !strings.HasSuffix(want, got) {
			t.Errorf("%v: got %q, want %q", offsets, got, want)
		}
	}
}

func TestALineIsShownAsFarAsThereIsMemoryForIt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", longest+1000)
	path := logFile(t, line("a", "first"), long, "\n", line("a", "last"))
	want := long[:longest] + "\n" + line("a", "last")
	for _, n := range []int{-1, 2} {
		got := strings.TrimPrefix(shown(t, path, Options{Lines: n}), line("a", "first"))
		if got != want {
			t.Errorf("%d bytes, ending in %q, want %d", len(got), end(got), len(want))
		}
	}
	out := follower(t, path, Options{Lines: 1})
	waitFor(t, out, line("a", "last")) // it follows by now
	appendTo(t, path, long)
	appendTo(t, path, "\n"+line("a", "after"))
	waitFor(t, out, line("a", "last")+long[:longest]+"\n"+line("a", "after"))
}
