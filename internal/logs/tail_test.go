package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// buffer is a writer that can be looked at meanwhile.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func shown(t *testing.T, o TailOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Tail(t.Context(), &b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func logFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backend-unified.log")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTailSelects(t *testing.T) {
	t.Parallel()
	lines := []string{
		line("broker-0", "INFO:     start"),
		line("core", "ERROR:    failed"),
		line("core", "Traceback (most recent call last):"),
		line("broker-0", "DEBUG:    noise"),
		line("core", `  File "x.py", line 1`),
		line("core", "ValueError: x"),
		line("broker-10", "WARNING:  careful"),
		line("core", "INFO:     recovered"),
		line("core", "goes on"),
	}
	pick := func(n ...int) (s string) {
		for _, i := range n {
			s += lines[i]
		}
		return s
	}
	path := logFile(t, lines...)
	tests := map[string]struct {
		o    TailOptions
		want string
	}{
		"all lines":                            {TailOptions{Lines: -1}, pick(0, 1, 2, 3, 4, 5, 6, 7, 8)},
		"the last three":                       {TailOptions{Lines: 3}, pick(6, 7, 8)},
		"more than there are":                  {TailOptions{Lines: 100}, pick(0, 1, 2, 3, 4, 5, 6, 7, 8)},
		"none":                                 {TailOptions{Lines: 0}, ""},
		"a server by its name":                 {TailOptions{Lines: -1, Only: []string{"broker"}}, pick(0, 3, 6)},
		"a process by its name":                {TailOptions{Lines: -1, Only: []string{"broker-0"}}, pick(0, 3)},
		"two":                                  {TailOptions{Lines: 2, Only: []string{"broker-10", "core"}}, pick(7, 8)},
		"a traceback with its error":           {TailOptions{Lines: -1, Level: Error}, pick(1, 2, 4, 5)},
		"warnings":                             {TailOptions{Lines: 3, Level: Warn}, pick(4, 5, 6)},
		"a pattern":                            {TailOptions{Lines: -1, Grep: "^(start|INFO)"}, pick(0, 7)},
		"a pattern, a level and a server":      {TailOptions{Lines: 1, Grep: "r", Level: Error, Only: []string{"core"}}, pick(5)},
		"a name that begins like another's":    {TailOptions{Lines: -1, Only: []string{"cor"}}, ""},
		"a pattern that matches the text only": {TailOptions{Lines: -1, Grep: ">>"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.o.Unified = path
			if got := shown(t, tt.o); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

func TestTailReadsRotatedFilesAsFarAsNeeded(t *testing.T) {
	t.Parallel()
	path := logFile(t, line("a", "5"))
	appendTo(t, rotated(path, 1), line("a", "3")+line("a", "4"))
	appendTo(t, rotated(path, 2), line("a", "1")+line("a", "2"))
	if got, want := shown(t, TailOptions{Unified: path, Lines: 4}), line("a", "2")+line("a", "3")+line("a", "4")+line("a", "5"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTailReadsOnPastTheGapOfARotation(t *testing.T) {
	t.Parallel()
	path := logFile(t, line("a", "3"))
	appendTo(t, rotated(path, 2), line("a", "2")) // it was .1 until just now
	appendTo(t, rotated(path, 3), line("a", "1"))
	if got, want := shown(t, TailOptions{Unified: path, Lines: -1}), line("a", "1")+line("a", "2")+line("a", "3"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTheLevelOfALineBeforeTheWindowCounts(t *testing.T) {
	t.Parallel()
	lines := []string{line("a", "ERROR: here")}
	for i := range 3000 { // 240 KB: several windows
		lines = append(lines, line("b", fmt.Sprintf("INFO: %050d", i)))
	}
	lines = append(lines, line("a", "its end"))
	path := logFile(t, lines...)
	if got, want := shown(t, TailOptions{Unified: path, Lines: 1, Level: Error}), line("a", "its end"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTailOfAHugeLogIsQuick(t *testing.T) {
	t.Parallel()
	path := logFile(t)
	appendTo(t, path, strings.Repeat(line("a", "old"), 10))
	if err := os.Truncate(path, 4<<30); err != nil { // a hole
		t.Skip(err)
	}
	appendTo(t, path, "\n"+strings.Repeat(line("a", "new"), 100))
	start := time.Now()
	if got := shown(t, TailOptions{Unified: path, Lines: 20}); got != strings.Repeat(line("a", "new"), 20) {
		t.Errorf("got %q", got)
	}
	if d := time.Since(start); d > 200*time.Millisecond {
		t.Errorf("took %v", d)
	}
	if got, err := LastLines(path, 2); err != nil || len(got) != 2 || got[1]+"\n" != line("a", "new") {
		t.Errorf("LastLines: %q, %v", got, err)
	}
}

func TestTailShows(t *testing.T) {
	t.Parallel()
	red := "\x1b[31mred\x1b[0m"
	js := `{"time":"2024-01-01T12:00:00.5Z","level":"warning","message":"slow query","ms":1200,"db":"main db","exc_info":"Traceback:\n  x"}`
	when := time.Date(2024, 1, 1, 12, 0, 0, 5e8, time.UTC).Local().Format("15:04:05.000")
	name := paint(true).name("a", fmt.Sprintf("%-18s>>", "a")) + " "
	tests := map[string]struct {
		text string
		o    TailOptions
		want string
	}{
		"no colours for what is no terminal": {red, TailOptions{}, line("a", "red")},
		"colours":                            {red, TailOptions{Color: true, Terminal: true}, name + red + "\x1b[0m\n"},
		"the colour of a level":              {"ERROR: x", TailOptions{Color: true, Terminal: true}, name + "\x1b[31mERROR: x\x1b[0m\n"},
		"JSON lines raw":                     {js, TailOptions{}, line("a", js)},
		"JSON lines readable": {js, TailOptions{Terminal: true},
			line("a", when+` WARNING slow query ms=1200 db="main db"`)[:0] + line("a", when+` WARN  slow query ms=1200 db="main db"`) +
				line("a", "exc_info:") + line("a", "Traceback:") + line("a", "  x")},
		"an object": {red, TailOptions{JSON: true, Color: true}, `{"process":"a","text":"red"}` + "\n"},
		"an object with level and time": {"2024-01-01 12:00:00,123 - n - WARNING - <m>", TailOptions{JSON: true},
			`{"process":"a","level":"warn","time":"2024-01-01 12:00:00,123","text":"2024-01-01 12:00:00,123 - n - WARNING - <m>"}` + "\n"},
		"the last state of a progress bar": {" 10%\r" + string(prefix("a")) + " 20%\r" + string(prefix("a")) + "done", TailOptions{}, line("a", "done")},
		"a CRLF without its CR":            {"x\r", TailOptions{}, line("a", "x")},
		"an access log in colour": {`::1 "GET / HTTP/1.1" 404 5 1.250 127.0.0.1:8001`, TailOptions{Terminal: true, Color: true},
			name + `::1 "GET / HTTP/1.1" ` + "\x1b[33m404\x1b[0m 5 \x1b[31m1.250\x1b[0m \x1b[2m127.0.0.1:8001\x1b[0m\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.o.Unified, tt.o.Lines = logFile(t, line("a", tt.text)), -1
			if got := shown(t, tt.o); got != tt.want {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
		})
	}
}

func TestTailSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	var hint interface{ Hint() string }
	err := Tail(t.Context(), io.Discard, TailOptions{Unified: filepath.Join(t.TempDir(), "no.log")})
	if !errors.Is(err, os.ErrNotExist) || !errors.As(err, &hint) {
		t.Errorf("no log: %v", err)
	}
	err = Tail(t.Context(), io.Discard, TailOptions{Unified: logFile(t), Grep: "("})
	if err == nil || strings.Contains(err.Error(), "regexp:") {
		t.Errorf("bad pattern: %v", err)
	}
}

// follower runs Tail in the background.
func follower(t *testing.T, o TailOptions) (out *buffer) {
	t.Helper()
	out = &buffer{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	o.Follow = true
	go func() { done <- Tail(ctx, out, o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return out
}

func waitFor(t *testing.T, out *buffer, want string) {
	t.Helper()
	eventually(t, func() bool { return out.String() == want },
		func() string {
			return fmt.Sprintf("tail shows %d bytes, %q\nwant %d, %q", len(out.String()), end(out.String()), len(want), end(want))
		})
}

func TestTailFollowsRotationRestartAndClean(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(o *Options) { o.MaxSize, o.MaxFiles = 2000, 100 })
	out := follower(t, TailOptions{Unified: f.opts.Unified, Lines: -1})
	f.add("a")
	want := ""
	put := func(n int) {
		for i := range n {
			text := fmt.Sprintf("%d %d", len(want), i)
			f.write("a", text+"\n")
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
	if err := os.Remove(f.opts.Unified); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { _, err := os.Stat(f.opts.Unified); return err == nil }, func() string { return "not made anew" })
	put(5)
	waitFor(t, out, want)
}

func TestSinceFindsTheLinesOfATime(t *testing.T) {
	t.Parallel()
	begin := time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)
	now := begin
	dir, opts := newDir(t)
	opts.MaxSize, opts.MaxFiles = 600, 9
	opts.now = func() time.Time { return now }
	u, err := NewUnifier(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	path := filepath.Join(dir, "logs", "a.log")
	if err := u.Add(Source{Name: "a", Path: path}); err != nil {
		t.Fatal(err)
	}
	var lines []string
	var times []time.Time
	for i := range 60 {
		lines, times = append(lines, line("a", fmt.Sprintf("%02d", i))), append(times, now)
		appendTo(t, path, fmt.Sprintf("%02d\n", i))
		if err := u.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if now = now.Add(300 * time.Millisecond); i%10 == 9 {
			now = now.Add(4 * time.Second)
		}
	}
	if len(withRotated(opts.Unified)) < 3 {
		t.Fatal("the log was not rotated")
	}
	for at := begin.Add(-time.Second); at.Before(now); at = at.Add(100 * time.Millisecond) {
		var b bytes.Buffer
		tail, err := newTail(&b, TailOptions{Lines: -1, Since: now.Sub(at)})
		if err != nil {
			t.Fatal(err)
		}
		tail.now = opts.now
		if err := tail.run(t.Context(), []Source{{Path: opts.Unified}}); err != nil {
			t.Fatal(err)
		}
		// No line of that time or later is missing, and none is a second older.
		all := slices.IndexFunc(times, func(l time.Time) bool { return l.After(at.Add(-time.Second)) })
		least := slices.IndexFunc(times, func(l time.Time) bool { return !l.Before(at) })
		if least < 0 {
			least = len(lines)
		}
		if all < 0 {
			all = len(lines)
		}
		got := b.String()
		if !strings.HasSuffix(strings.Join(lines[all:], ""), got) || !strings.HasSuffix(got, strings.Join(lines[least:], "")) {
			t.Errorf("since %v: %d lines, want %d to %d of them", at.Sub(begin), strings.Count(got, "\n"), len(lines)-least, len(lines)-all)
		}
	}
}

func TestTailFilesFollowsPlainFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "nginx-access.log"), filepath.Join(dir, "nginx-error.log")
	appendTo(t, a, "one\n")
	out := &buffer{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- TailFiles(ctx, out, []Source{{Name: "access", Path: a}, {Name: "error", Path: b}}, TailOptions{Lines: 5, Follow: true})
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

func TestLastLinesAreWithoutColourAndShort(t *testing.T) {
	t.Parallel()
	path := logFile(t, "one\n", "\x1b[31mtwo\x1b[0m\r\n", strings.Repeat("x", 10_000), "\n", "no end")
	got, err := LastLines(path, 3)
	if err != nil || len(got) != 3 || got[0] != "two" || len(got[1]) != lastLineMax || got[2] != "no end" {
		t.Errorf("%.100q, %v", got, err)
	}
	if got, err := LastLines(logFile(t), 5); err != nil || len(got) != 0 {
		t.Errorf("empty file: %q, %v", got, err)
	}
}

func FuzzStripANSI(f *testing.F) {
	for i, s := range []string{"", "\x1b[31mred\x1b[0m", "\x1b]8;;http://x\x1b\\link\x1b]8;;\a", "\x1b", "\x1b[", "a\x1b(Bb", "\x1b[3\n", "\x1b]0;title"} {
		f.Add([]byte(s), i)
	}
	// What stays of each sequence.
	sequences := map[string]string{
		"\x1b[31m": "", "\x1b[38;5;1m": "", "\x1b[?25l": "", "\x1b[K": "", // CSI
		"\x1b]0;title\a": "", "\x1b]8;;http://x\x1b\\": "", // OSC
		"\x1b7": "", "\x1bM": "", "\x1b(B": "",
		"\x1b[3\n": "\n", "\x1b\n": "\n", "\x1b\x1b[1m": "", // broken off
	}
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		was := bytes.Clone(b)
		got := stripANSI(b)
		if !bytes.Equal(b, was) {
			t.Errorf("%q was changed to %q", was, b)
		}
		if bytes.IndexByte(got, '\x1b') >= 0 {
			t.Errorf("%q -> %q", b, got)
		}
		rest := b // got is b with bytes left out
		for _, c := range got {
			i := bytes.IndexByte(rest, c)
			if i < 0 {
				t.Fatalf("%q -> %q", b, got)
			}
			rest = rest[i+1:]
		}
		plain := strings.ReplaceAll(string(b), "\x1b", "")
		at = max(at, 0) % (len(plain) + 1)
		for sequence, stays := range sequences {
			in, want := plain[:at]+sequence+plain[at:], plain[:at]+stays+plain[at:]
			if got := stripANSI([]byte(in)); string(got) != want {
				t.Errorf("%q -> %q, want %q", in, got, want)
			}
		}
	})
}
