package view

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/internal/logs"
)

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
		o    Options
		want string
	}{
		"all lines":                            {Options{Lines: -1}, pick(0, 1, 2, 3, 4, 5, 6, 7, 8)},
		"the last three":                       {Options{Lines: 3}, pick(6, 7, 8)},
		"more than there are":                  {Options{Lines: 100}, pick(0, 1, 2, 3, 4, 5, 6, 7, 8)},
		"none":                                 {Options{Lines: 0}, ""},
		"a server by its name":                 {Options{Lines: -1, Only: []string{"broker"}}, pick(0, 3, 6)},
		"a process by its name":                {Options{Lines: -1, Only: []string{"broker-0"}}, pick(0, 3)},
		"two":                                  {Options{Lines: 2, Only: []string{"broker-10", "core"}}, pick(7, 8)},
		"a traceback with its error":           {Options{Lines: -1, Level: Error}, pick(1, 2, 4, 5)},
		"warnings":                             {Options{Lines: 3, Level: Warn}, pick(4, 5, 6)},
		"a pattern":                            {Options{Lines: -1, Grep: "^(start|INFO)"}, pick(0, 7)},
		"a pattern, a level and a server":      {Options{Lines: 1, Grep: "r", Level: Error, Only: []string{"core"}}, pick(5)},
		"a name that begins like another's":    {Options{Lines: -1, Only: []string{"cor"}}, ""},
		"a pattern that matches the text only": {Options{Lines: -1, Grep: ">>"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := shown(t, path, tt.o); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

func TestTailReadsRotatedFilesAsFarAsNeeded(t *testing.T) {
	t.Parallel()
	path := logFile(t, line("a", "5"))
	appendTo(t, logs.Rotated(path, 1), line("a", "3")+line("a", "4"))
	appendTo(t, logs.Rotated(path, 2), line("a", "1")+line("a", "2"))
	if got, want := shown(t, path, Options{Lines: 4}), line("a", "2")+line("a", "3")+line("a", "4")+line("a", "5"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTailReadsOnPastTheGapOfARotation(t *testing.T) {
	t.Parallel()
	path := logFile(t, line("a", "3"))
	appendTo(t, logs.Rotated(path, 2), line("a", "2")) // it was .1 until just now
	appendTo(t, logs.Rotated(path, 3), line("a", "1"))
	if got, want := shown(t, path, Options{Lines: -1}), line("a", "1")+line("a", "2")+line("a", "3"); got != want {
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
	if got, want := shown(t, path, Options{Lines: 1, Level: Error}), line("a", "its end"); got != want {
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
	if got := shown(t, path, Options{Lines: 20}); got != strings.Repeat(line("a", "new"), 20) {
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
	local := time.Date(2024, 1, 1, 12, 0, 0, 123e6, time.Local).Format("2006-01-02T15:04:05.000000Z07:00")
	tests := map[string]struct {
		text string
		o    Options
		want string
	}{
		"no colours for what is no terminal": {red, Options{}, line("a", "red")},
		"colours":                            {red, Options{Color: true, Terminal: true}, name + red + "\n"},
		"a colour that does not end":         {"\x1b[31mred", Options{Color: true, Terminal: true}, name + red + "\n"},
		"what a terminal would act on":       {"a\x1b[2Jb\x1b]52;c;eA==\ac\bd\u009b1Ae\u202ef\xff", Options{Color: true, Terminal: true}, name + `abc\x08d\u009b1Ae\u202ef\xff` + "\n"},
		"the same in a pipe":                 {"a\x1b[2Jb\bc\u009b1A", Options{}, line("a", `ab\x08c\u009b1A`)},
		"the same as an object":              {"a\u009b1A\u202e\x1b[2J", Options{JSON: true}, `{"process":"a","text":"a\u009b1A\u202e"}` + "\n"},
		"what a logger had escaped": {`{"level":"info","message":"a\u001b]52;c;eA==\u0007\r\nb\u001b[1A","k\ney":"\u009b1A","msg":"\u202ex"}`, Options{Terminal: true},
			line("a", `INFO  a k\ney=\u009b1A msg=\u202ex`) + line("a", "b")},
		"the colour of a level": {"ERROR: x", Options{Color: true, Terminal: true}, name + "\x1b[31mERROR: x\x1b[0m\n"},
		"JSON lines raw":        {js, Options{}, line("a", js)},
		"JSON lines readable": {js, Options{Terminal: true},
			line("a", when+` WARNING slow query ms=1200 db="main db"`)[:0] + line("a", when+` WARN  slow query ms=1200 db="main db"`) +
				line("a", "exc_info:") + line("a", "Traceback:") + line("a", "  x")},
		"an object": {red, Options{JSON: true, Color: true}, `{"process":"a","text":"red"}` + "\n"},
		"an object with level and time": {"2024-01-01 12:00:00,123 - n - WARNING - <m>", Options{JSON: true},
			`{"process":"a","level":"warn","time":"` + local + `","text":"2024-01-01 12:00:00,123 - n - WARNING - <m>"}` + "\n"},
		"the last state of a progress bar": {" 10%\r" + string(logs.Prefix("a")) + " 20%\r" + string(logs.Prefix("a")) + "done", Options{}, line("a", "done")},
		"a CRLF without its CR":            {"x\r", Options{}, line("a", "x")},
		"an access log in colour": {`::1 "GET / HTTP/1.1" 404 5 1.250 127.0.0.1:8001`, Options{Terminal: true, Color: true},
			name + `::1 "GET / HTTP/1.1" ` + "\x1b[33m404\x1b[0m 5 \x1b[31m1.250\x1b[0m \x1b[2m127.0.0.1:8001\x1b[0m\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.o.Lines = -1
			if got := shown(t, logFile(t, line("a", tt.text)), tt.o); got != tt.want {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
		})
	}
}

func TestTailSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	var hint interface{ Hint() string }
	err := Tail(t.Context(), io.Discard, Options{}, Log{Path: filepath.Join(t.TempDir(), "no.log")})
	if !errors.Is(err, os.ErrNotExist) || !errors.As(err, &hint) {
		t.Errorf("no log: %v", err)
	}
	err = Tail(t.Context(), io.Discard, Options{Grep: "("}, Log{Path: logFile(t)})
	if err == nil || strings.Contains(err.Error(), "regexp:") {
		t.Errorf("bad pattern: %v", err)
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
