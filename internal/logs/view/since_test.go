package view

import (
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
