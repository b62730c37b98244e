package view

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/logs"
)

func TestTailFollowsRotationRestartAndClean(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2000)
	out := follower(t, f.unified, Options{Lines: -1})
	f.add("a")
	want := ""
	put := func(n int) {
		for i := range n {
			text := fmt.Sprintf("%d %d", len(want), i)
			appendTo(t, f.path("a"), text+"\n")
			want += line("a", text)
		}
	}
	put(500) // several rotations
	waitFor(t, out, want)
	f.stop()
	put(5)
	f.start()
	f.add("a")
	put(5)
	waitFor(t, out, want)
	if err := f.u.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(50)
	waitFor(t, out, want)
	if err := os.Remove(f.unified); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { _, err := os.Stat(f.unified); return err == nil }, func() string { return "not made anew" })
	put(5)
	waitFor(t, out, want)
}

func TestTailFollowsFilesWithoutPrefix(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "nginx-access.log"), filepath.Join(dir, "nginx-error.log")
	appendTo(t, a, "one\n")
	out := &buffer{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Tail(ctx, out, Options{Lines: 5, Follow: true}, Log{"access", a}, Log{"error", b})
	}()
	want := line("access", "one")
	waitFor(t, out, want)
	appendTo(t, b, "two\n")
	want += line("error", "two")
	waitFor(t, out, want)
	appendTo(t, a, "three\n")
	want += line("access", "three")
	waitFor(t, out, want)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTailMissesNothingOfRotationsAtFullSpeed(t *testing.T) {
	t.Parallel()
	lines := 350_000
	if testing.Short() {
		lines = 70_000
	}
	f := newFixture(t, int64(lines)*24)
	thousandths := Options{Grep: "^00001000 ", Lines: -1}
	out := follower(t, f.unified, thousandths)
	names := []string{"w0", "w1", "w2"}
	done := make(chan error, len(names))
	for i, n := range names {
		go func() { done <- writeNumbered(f.path(n), lines, []int{1, 700, 65536}[i]) }()
	}
	f.add(names...)
	for range names {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	f.stop()
	if _, err := os.Stat(logs.Rotated(f.unified, 3*100/24-1)); err != nil {
		t.Error("the unified log was rotated too rarely:", err)
	}
	// One that begins now takes what time the other may need to catch up.
	want := shown(t, f.unified, thousandths)
	if strings.Count(want, "\n") != len(names) {
		t.Errorf("the log has\n%s", want)
	}
	waitFor(t, out, want)
}

// writeNumbered writes numbered lines, size bytes at a time.
func writeNumbered(path string, lines, size int) error {
	w, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer w.Close()
	rest := strings.Repeat("x", 90)
	var b []byte
	for i := range lines {
		b = fmt.Appendf(b, "%08d %s\n", i, rest)
		if len(b) >= size || i == lines-1 {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	return nil
}
