package logs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writers starts three children that print numbered lines at full speed.
func writers(t *testing.T, dir string, lines int) (names []string, wait func()) {
	t.Helper()
	names = []string{"w0", "w1", "w2"}
	done := make(chan error, len(names))
	for i, n := range names {
		w := child(t, "write", filepath.Join(dir, "logs", n+".log"), n, fmt.Sprint(lines), fmt.Sprint([]int{1, 700, 65536}[i]))
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { done <- w.Wait() }()
	}
	return names, func() {
		t.Helper()
		for range names {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestRotationAtFullSpeedLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	lines := 350_000
	if testing.Short() {
		lines = 70_000
	}
	f := newFixture(t, func(o *Options) { o.MaxSize, o.MaxFiles = int64(lines)*24, 1000 })
	names, wait := writers(t, f.dir, lines)
	f.add(names...)
	wait()
	f.silent() // an end grants what is behind a few seconds only
	f.stop()
	countNumbered(t, names, lines, withRotated(f.opts.Unified)...)
	if n := len(withRotated(f.opts.Unified)); n < 3*100/24 {
		t.Errorf("the unified log has %d files only", n)
	}
	_, unsupported := cutUnit(f.opts.Unified)
	for _, n := range names {
		files := withRotated(f.path(n))
		countNumbered(t, []string{n}, lines, files...)
		if unsupported == nil && len(files) < 3 {
			t.Errorf("%s has %d files only", n, len(files))
		}
	}
}

func TestOldRotatedFilesGo(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(o *Options) { o.MaxSize, o.MaxFiles = 200_000, 2 })
	if _, err := cutUnit(f.opts.Unified); err != nil {
		t.Skip("this file system cannot cut off the head of a file:", err)
	}
	f.add("a")
	for range 20 {
		f.write("a", strings.Repeat(strings.Repeat("x", 99)+"\n", 1000))
		if err := f.u.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{f.path("a"), f.opts.Unified} {
		if n := len(withRotated(p)); n != 3 {
			t.Errorf("%s has %d files, want 3", filepath.Base(p), n)
		}
		if st, err := os.Stat(p); err != nil || st.Size() > 500_000 {
			t.Errorf("%s: %v, %v", p, st.Size(), err)
		}
	}
}

func TestAFileThatIsOnlyRotatedStaysOutOfTheUnifiedLog(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(o *Options) { o.MaxSize, o.MaxFiles = 200_000, 2 })
	if _, err := cutUnit(f.opts.Unified); err != nil {
		t.Skip("this file system cannot cut off the head of a file:", err)
	}
	// All of it is there before a part can be seen, and cut off alone.
	f.write("a", strings.Repeat(strings.Repeat("x", 99)+"\n", 5000))
	if err := f.u.Add(Source{Name: "nginx", Path: f.path("a"), RotateOnly: true}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return len(withRotated(f.path("a"))) == 2 }, func() string { return "it was not rotated" })
	if got := f.unified(); got != "" {
		t.Errorf("the unified log has %.100q", got)
	}
}

func TestRotateRenamesAFileBeforeItsProcessStarts(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(o *Options) { o.MaxSize, o.MaxFiles = 1000, 2 })
	f.add("a")
	want := ""
	for i := range 3 {
		text := fmt.Sprintf("%d%s", i, strings.Repeat("x", 800))
		f.write("a", text+"\n")
		want += line("a", text)
		if err := f.u.Rotate(f.path("a")); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.u.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, p := range withRotated(f.opts.Unified) {
		b, _ := os.ReadFile(p)
		got = append(got, b...)
	}
	if string(got) != want {
		t.Errorf("got %.200q", got)
	}
	if n := len(withRotated(f.path("a"))); n != 2 {
		t.Errorf("%d files, want 2", n)
	}
}

func TestCleanAtFullSpeedKeepsWhatIsWrittenAfterIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(o *Options) { o.MaxSize, o.MaxFiles = 4<<20, 5 })
	names, wait := writers(t, f.dir, 300_000)
	f.add(names...)
	for range 10 {
		time.Sleep(20 * time.Millisecond)
		if err := f.u.Clean(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	wait()
	// All that is in the files by now, each once and in order, is in the
	// unified log.
	if err := f.u.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	names2, wait := writers(t, f.dir, 1000)
	wait()
	f.stop()
	countNumbered(t, names2, 1000, f.opts.Unified)
	for _, n := range names {
		countNumbered(t, []string{n}, 1000, f.path(n))
		if len(withRotated(f.path(n))) > 1 {
			t.Errorf("%s: rotated files are left", n)
		}
	}
}

func TestCleanKeepsFilesAndUnifiedLogAlike(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	names, wait := writers(t, f.dir, 200_000)
	f.add(names...)
	for range 5 {
		time.Sleep(10 * time.Millisecond)
		if err := f.u.Clean(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	wait()
	f.stop()
	all := f.unified()
	for _, n := range names {
		b, err := os.ReadFile(f.path(n))
		if err != nil {
			t.Fatal(err)
		}
		// A writer's write that the truncation fell into leaves its second half.
		var want, got bytes.Buffer
		for l := range strings.Lines(string(b)) {
			want.WriteString(l)
		}
		for l := range strings.Lines(all) {
			if name, text := SplitPrefix([]byte(l)); name == n {
				got.Write(text)
			}
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%s: %d bytes in the unified log, %d in its file", n, got.Len(), want.Len())
		}
	}
}

func TestCleanTakesWhatWasThereReadOrNot(t *testing.T) {
	t.Parallel()
	dir, opts := newDir(t)
	u := NewUnifier(opts) // it reads only when it is told to
	defer u.Close()
	a, gone := filepath.Join(dir, "logs", "a.log"), filepath.Join(dir, "logs", "gone.log")
	for _, path := range []string{a, gone} {
		appendTo(t, path, "read\n")
		if err := u.Add(Source{Name: filepath.Base(path), Path: path}); err != nil {
			t.Fatal(err)
		}
	}
	writer, err := os.OpenFile(gone, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	unified := func() string {
		t.Helper()
		if err := u.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(opts.Unified)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got, want := unified(), line("a.log", "read")+line("gone.log", "read"); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	appendTo(t, a, "unread\nunfinished")
	fmt.Fprintln(writer, "unread")
	if err := u.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := unified(); got != "" {
		t.Errorf("the unified log still has %q", got)
	}
	appendTo(t, a, "after\n")
	fmt.Fprintln(writer, "after")
	if got, want := unified(), line("a.log", "after")+line("gone.log", "after"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if b, err := os.ReadFile(a); string(b) != "after\n" {
		t.Errorf("the file has %q, %v", b, err)
	}
}

func TestCleanWithoutAUnifier(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(o *Options) { o.MaxSize, o.MaxFiles = 100, 5 })
	f.add("a")
	f.write("a", strings.Repeat("line\n", 100))
	f.stop()
	appendTo(t, Rotated(f.path("a"), 1), "old\n")
	appendTo(t, filepath.Join(f.dir, "logs", "notes.txt"), "mine\n")
	if err := Clean(filepath.Join(f.dir, "logs"), filepath.Join(f.dir, "not there")); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(f.dir, "logs", "*.log*"))
	for i, n := range names {
		names[i] = filepath.Base(n)
	}
	if got := fmt.Sprint(names); got != "[a.log backend-unified.log backend-unified.log.idx]" {
		t.Errorf("left: %s", got)
	}
	if b, _ := os.ReadFile(filepath.Join(f.dir, "logs", "notes.txt")); string(b) != "mine\n" {
		t.Error("a file that is no log was cleaned")
	}
	f.write("a", "new\n")
	f.start()
	f.add("a")
	f.wait(line("a", "new"))
}
