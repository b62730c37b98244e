package logs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "helper" {
		helper(os.Args[2:])
		return
	}
	goleak.VerifyTestMain(m)
}

// fixture is a unifier over files in a folder of its own.
type fixture struct {
	*testing.T
	dir  string
	opts Options
	u    *Unifier
	stop func()
}

func newFixture(t *testing.T, change ...func(*Options)) *fixture {
	t.Helper()
	f := &fixture{T: t, dir: t.TempDir()}
	f.opts = Options{
		Unified:    filepath.Join(f.dir, "logs", "backend-unified.log"),
		Checkpoint: filepath.Join(f.dir, "run", "logs.pos"),
		Report:     func(err error) { t.Log("reported:", err) },
	}
	for _, c := range change {
		c(&f.opts)
	}
	f.start()
	t.Cleanup(func() { f.stop() })
	return f
}

func (f *fixture) start() {
	f.Helper()
	u := NewUnifier(f.opts)
	f.u = u
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx) }()
	f.stop = func() {
		cancel()
		if err := <-done; err != nil {
			f.Error(err)
		}
		f.stop = func() {}
	}
}

func (f *fixture) path(name string) string { return filepath.Join(f.dir, "logs", name+".log") }

func (f *fixture) add(names ...string) {
	f.Helper()
	for _, n := range names {
		if err := f.u.Add(Source{Name: n, Path: f.path(n)}); err != nil {
			f.Fatal(err)
		}
	}
}

func (f *fixture) write(name, text string) {
	f.Helper()
	appendTo(f.T, f.path(name), text)
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	w, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) unified() string {
	f.Helper()
	b, err := os.ReadFile(f.opts.Unified)
	if err != nil && !os.IsNotExist(err) {
		f.Fatal(err)
	}
	return string(b)
}

func (f *fixture) wait(want string) {
	f.Helper()
	eventually(f.T, func() bool { return f.unified() == want },
		func() string { return fmt.Sprintf("unified log ends\n%q\nwant\n%q", end(f.unified()), end(want)) })
}

// silent waits until all files are left to the kernel.
func (f *fixture) silent() {
	f.Helper()
	eventually(f.T, func() bool {
		f.u.mu.Lock()
		defer f.u.mu.Unlock()
		return len(f.u.byWatch) == len(f.u.sources)
	}, func() string { return "the files are read all the time" })
}

func eventually(t *testing.T, ok func() bool, why func() string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(why())
		}
	}
}

// end is the end of a text, for messages.
func end(s string) string { return s[max(0, len(s)-300):] }

func line(name, text string) string { return fmt.Sprintf("%-18s>> %s\n", name, text) }

func TestLinesAreUnifiedBehindTheNameOfTheirProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("broker-0", "core")
	f.write("broker-0", "one\ntwo\n")
	f.wait(line("broker-0", "one") + line("broker-0", "two"))
	f.write("core", "\n")
	f.wait(line("broker-0", "one") + line("broker-0", "two") + line("core", ""))
	f.write("a-name-of-more-than-18-columns", "x\n")
	f.add("a-name-of-more-than-18-columns")
	f.wait(line("broker-0", "one") + line("broker-0", "two") + line("core", "") + "a-name-of-more-than-18-columns>> x\n")
}

func TestAPartialLineWaitsForItsEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("a")
	f.write("a", "whole\nhalf ")
	f.wait(line("a", "whole"))
	f.write("a", "rest\n")
	f.wait(line("a", "whole") + line("a", "half rest"))
}

func TestAPartialLineIsContinuedWhenItsEndDoesNotCome(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("a", "b")
	start := time.Now()
	f.write("a", "password: ")
	want := line("a", "password: "+Mark)
	f.wait(want)
	if d := time.Since(start); d < partialWait {
		t.Errorf("written after %v, before its time", d)
	}
	f.write("b", "b\n")
	f.wait(want + line("b", "b"))
	f.write("a", "ok\nnext\n")
	f.wait(want + line("b", "b") + line("a", Mark+"ok") + line("a", "next"))
}

func TestBytesPassUnchanged(t *testing.T) {
	t.Parallel()
	var all []byte
	for i := range 256 {
		if i != '\n' && i != '\r' {
			all = append(all, byte(i))
		}
	}
	long := strings.Repeat("0123456789", 500_000)
	tests := map[string]struct{ in, want string }{
		"binary bytes and invalid UTF-8":         {string(all) + "\n", line("p", string(all))},
		"CRLF":                                   {"a\r\nb\r\n", line("p", "a\r") + line("p", "b\r")},
		"a bare CR, which repeats the prefix":    {" 10%\r 20%\rdone\n", fmt.Sprintf("%-18[1]s>>  10%%\r%-18[1]s>>  20%%\r%-18[1]s>> done\n", "p")},
		"a line of 5 MB":                         {"x\n" + long + "\ny\n", line("p", "x") + line("p", long) + line("p", "y")},
		"many lines of one byte":                 {strings.Repeat("\n", 400_000), strings.Repeat(line("p", ""), 400_000)},
		"an empty piece between two bare CRs":    {"a\r\rb\n", fmt.Sprintf("%-18[1]s>> a\r%-18[1]s>> \r%-18[1]s>> b\n", "p")},
		"a CR before a CRLF, as Windows prints":  {"a\r\r\n", fmt.Sprintf("%-18[1]s>> a\r%-18[1]s>> \r\n", "p")},
		"a NUL and an escape sequence in colour": {"\x00\x1b[31mred\x1b[0m\n", line("p", "\x00\x1b[31mred\x1b[0m")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.write("p", tt.in)
			f.add("p")
			eventually(t, func() bool { return len(f.unified()) >= len(tt.want) }, func() string {
				return fmt.Sprintf("unified log has %d bytes, want %d", len(f.unified()), len(tt.want))
			})
			if f.unified() != tt.want {
				t.Errorf("got %.300q\nwant %.300q", f.unified(), tt.want)
			}
		})
	}
}

func TestALongLineThatGrowsSlowlyIsWhole(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("a", "b")
	piece := strings.Repeat("x", 300_000)
	for range 6 {
		f.write("a", piece)
		f.write("b", "b\n")
		time.Sleep(5 * time.Millisecond)
	}
	f.write("a", "\n")
	want := strings.Repeat(line("b", "b"), 6) + line("a", strings.Repeat(piece, 6))
	eventually(t, func() bool { return len(f.unified()) >= len(want) }, func() string { return "it never came" })
	got := f.unified()
	if strings.Count(got, "\n") != 7 || !strings.Contains(got, line("a", strings.Repeat(piece, 6))) {
		t.Errorf("got %d lines, %.400q", strings.Count(got, "\n"), got)
	}
}

func TestRestartGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("a", "b")
	f.write("a", "1\nhal")
	f.write("b", "2\n")
	f.stop()
	got := f.unified()
	for _, want := range []string{line("a", "1"), line("a", "hal"+Mark), line("b", "2")} {
		if strings.Count(got, want) != 1 {
			t.Errorf("want %q once in %q", want, got)
		}
	}
	f.write("a", "f\n")
	f.start()
	f.write("b", "3\n")
	f.add("a", "b")
	want := got + line("a", Mark+"f") + line("b", "3")
	f.wait(want)
}

func TestFilesThatComeLaterOrAreRemovedAreFollowed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("a")
	w, err := os.OpenFile(f.path("a"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	fmt.Fprintln(w, "first")
	want := line("a", "first")
	f.wait(want)
	f.silent() // also the kernel's watch must survive
	if err := os.Remove(f.path("a")); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(w, "removed")
	want += line("a", "removed")
	f.wait(want)
	f.write("a", "new\n")
	want += line("a", "new")
	f.wait(want)
	fmt.Fprintln(w, "old still")
	want += line("a", "old still")
	f.wait(want)
	f.write("a", "new again\n")
	want += line("a", "new again")
	f.wait(want)
	f.silent() // that its writer goes is an event, too
	w.Close()
	eventually(t, func() bool {
		f.u.mu.Lock()
		defer f.u.mu.Unlock()
		return len(f.u.sources) == 1
	}, func() string { return "the removed file is held open for ever" })
}

func TestTruncationByHandIsNoticed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("a")
	f.write("a", "one\ntwo\n")
	want := line("a", "one") + line("a", "two")
	f.wait(want)
	// The new content reaches beyond the old position at once.
	w, err := os.OpenFile(f.path("a"), os.O_TRUNC|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "three\nfour\nfive\n")
	w.Close()
	f.wait(want + line("a", "three") + line("a", "four") + line("a", "five"))
}

func TestTheUnifiedLogIsMadeAnewWhenItWasRemoved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("a")
	f.write("a", "one\n")
	f.wait(line("a", "one"))
	if err := os.Remove(f.opts.Unified); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { _, err := os.Stat(f.opts.Unified); return err == nil }, func() string { return "it was not" })
	f.write("a", "two\n")
	f.wait(line("a", "two"))
}

func TestARemovedSourceIsWrittenToItsEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("a")
	f.write("a", "one\nlast words")
	if err := f.u.Remove(f.path("a")); err != nil {
		t.Fatal(err)
	}
	want := line("a", "one") + line("a", "last words")
	if got := f.unified(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	f.write("a", "\nthen\n")
	f.add("a")
	f.wait(want + line("a", "") + line("a", "then"))
}

func TestDrainWritesAllThatIsThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("a")
	want := ""
	for i := range 200 {
		text := fmt.Sprintf("line %d", i)
		f.write("a", text+"\n")
		want += line("a", text)
		if err := f.u.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := f.unified(); got != want {
			t.Fatalf("after line %d: got %q", i, got[max(0, len(got)-200):])
		}
	}
}

func TestLogsAreFollowedInAFolderThatWasMadeAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add("a")
	writer, err := os.OpenFile(f.path("a"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close() // it keeps the removed folder alive
	f.write("a", "1\n")
	f.wait(line("a", "1"))
	// The unified log may be made anew while the folder is being emptied.
	eventually(t, func() bool { return os.RemoveAll(filepath.Dir(f.path("a"))) == nil }, func() string { return "not removed" })
	eventually(t, func() bool { _, err := os.Stat(f.opts.Unified); return err == nil }, func() string { return "not made anew" })
	f.write("a", "2\n")
	f.wait(line("a", "2"))
}
