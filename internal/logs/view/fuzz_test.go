package view

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"muster/internal/fuzztest"
	"muster/internal/logs/follow"
)

// seedLog has a line of each kind that is read in its own way.
const seedLog = "a-0                >> INFO:     started\n" +
	`a-0                >> {"time":"2026-11-26T05:55:05Z","level":"error","msg":"no\nway","n":1e3,"o":{"x":[1]}}` + "\n" +
	"a-0                >> Traceback (most recent call last):\n" +
	`a-0                >>   File "/x/main.py", line 3, in f` + "\n" +
	"a-0                >> ValueError: x\n" +
	"b-0                >> one\rtwo\x1b[31mred\u202e\x07\n" +
	"no prefix\n"

// FuzzTail tries that whatever is in a log, what is shown of it is no order to a terminal,
// and JSON for a program is JSON.
func FuzzTail(f *testing.F) {
	f.Add([]byte(seedLog), "", "", uint8(0))
	f.Add([]byte(seedLog), "a-0", "o+", uint8(3))
	f.Add([]byte("nginx-access       >> "+jsonRequest+"\nnginx-access       >> "+oldRequest+"\n"), "", "0f3a", uint8(1))
	f.Add([]byte{'\n', 0xff, 0, '\r', '\n', 0xc2}, "-", "(", uint8(2))
	f.Fuzz(func(t *testing.T, log []byte, only, grep string, kind uint8) {
		fuzztest.Bound(t)
		o := Options{Lines: -1, Grep: grep, Terminal: kind&1 != 0, Color: kind&2 != 0, Level: Level(kind >> 2 % 6)}
		if only != "" {
			o.Only = []string{only}
		}
		var b bytes.Buffer
		path := logFile(t, string(log))
		if err := Tail(t.Context(), &b, o, Log{Path: path}); err != nil {
			return // the expression is none
		}
		shown := b.String()
		if !o.Color && strings.Contains(shown, "\x1b") {
			t.Errorf("colours in %q", shown)
		}
		fuzztest.Shown(t, shown)
		b.Reset()
		o.JSON = true
		if err := Tail(t.Context(), &b, o, Log{Path: path}); err != nil {
			t.Fatal(err)
		}
		for object := range bytes.Lines(b.Bytes()) {
			var l Line
			if err := json.Unmarshal(object, &l); err != nil || !utf8.Valid(object) {
				t.Errorf("%q: %v", object, err)
			}
		}
	})
}

// FuzzCursor tries that a cursor is what its text says, and that the pages of a log, and
// its spans in both directions, have each line once.
func FuzzCursor(f *testing.F) {
	f.Add([]byte(seedLog), "2-c-4-1f")
	f.Add([]byte("\n\n"), "")
	f.Add([]byte(strings.Repeat("x", 200)+"\nrest"), "0-1-0-0")
	f.Add([]byte("a\n"), "-1--2--3--4")
	f.Add([]byte("a\n"), "ffffffffffffffff-7fffffffffffffff-40-ffffffff")
	f.Fuzz(func(t *testing.T, log []byte, text string) {
		fuzztest.Bound(t)
		path := logFile(t, string(log))
		c, err := ParseCursor(text)
		if err == nil {
			if again, err := ParseCursor(c.String()); err != nil || again != c {
				t.Errorf("%q is %v, and then %v: %v", text, c, again, err)
			}
			if _, err := ReadPage(t.Context(), path, Options{Lines: -1}, c, 1000); err != nil {
				t.Fatal(err)
			}
			if _, err := ReadSpan(t.Context(), path, SpanOptions{Most: 10, Width: 100, Bytes: 1 << 20}, Place{Cursor: c}); err != nil {
				t.Fatal(err)
			}
		}
		if len(log) > 4<<10 {
			return
		}
		lines := bytes.Count(log, []byte("\n"))
		n := 0
		for at := (Cursor{}); ; {
			p, err := ReadPage(t.Context(), path, Options{Lines: -1}, at, 300)
			if err != nil || p.Lost {
				t.Fatalf("at %s: lost %t, %v", at, p.Lost, err)
			}
			if n += len(p.Lines); !p.More {
				break
			}
			at = p.Next
		}
		if n != lines {
			t.Errorf("%d of %d lines in pages", n, lines)
		}
		for _, back := range []bool{false, true} {
			n, place := 0, Place{End: back}
			for {
				s, err := ReadSpan(t.Context(), path, SpanOptions{Most: 3, Width: 100, Bytes: 1 << 20, Back: back}, place)
				if err != nil || s.Lost {
					t.Fatalf("%v: lost %t, %v", place, s.Lost, err)
				}
				n += len(s.Lines)
				next := s.Next
				if back {
					next = s.Prev
				}
				if back && s.First || !back && s.Last {
					break
				}
				if place.Cursor, err = ParseCursor(next); err != nil {
					t.Fatal(err)
				}
				place.End = false
			}
			if n != lines {
				t.Errorf("%d of %d lines in spans, back %t", n, lines, back)
			}
		}
	})
}

// FuzzSince tries that a time index which says what is not so costs nothing but the times.
func FuzzSince(f *testing.F) {
	moment := func(at, off int64) []byte {
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(at)), uint64(off))
	}
	now := time.Now().UnixMilli()
	f.Add([]byte(seedLog), append(moment(now-10_000, 0), moment(now, 40)...), int64(time.Hour))
	f.Add([]byte(seedLog), append(moment(now, 3), moment(-1, 4)...), int64(1))
	f.Add([]byte("x\n"), moment(1<<62, 1), int64(1)<<62)
	f.Fuzz(func(t *testing.T, log, index []byte, since int64) {
		fuzztest.Bound(t)
		path := logFile(t, string(log))
		inode, _, err := follow.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		const magic = 0x78646e6974736d31
		head := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, magic), inode.Ino)
		if err := os.WriteFile(path+".idx", append(head, index...), 0o600); err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(log, []byte("\n"))
		p, err := ReadPage(t.Context(), path, Options{Lines: -1, Since: time.Duration(since)}, Cursor{}, 1<<30)
		if err != nil || len(p.Lines) > lines {
			t.Fatalf("%d of %d lines: %v", len(p.Lines), lines, err)
		}
		if _, err := json.Marshal(p.Lines); err != nil {
			t.Error(err)
		}
		s, err := ReadSpan(t.Context(), path, SpanOptions{Most: 1 << 20, Width: 100, Bytes: 1 << 20}, Place{Time: time.UnixMilli(since)})
		if err != nil || len(s.Lines) > lines {
			t.Fatalf("%d of %d lines: %v", len(s.Lines), lines, err)
		}
	})
}

// FuzzException tries that an exception is of the lines that it is found in.
func FuzzException(f *testing.F) {
	f.Add("Traceback (most recent call last):\n  File \"/x/main.py\", line 3, in f\nValueError: x")
	f.Add("/x/a.js:3\nSyntaxError: y\n    at f (file:///x/b.js:1:2)\n    at node:internal/x:1:2")
	f.Add("panic: z\n\ngoroutine 1 [running]:\nmain.main()\n\t/x/main.go:99999999999999999999")
	f.Add("  | Traceback\n  |   File \"<string>\", line 1\n  | a.B")
	f.Fuzz(func(t *testing.T, text string) {
		fuzztest.Bound(t)
		e := LastException(strings.Split(text, "\n"))
		if e == nil {
			return
		}
		if e.Type == "" || !strings.Contains(text, e.Message) || !strings.Contains(text, e.File) || e.Line < 0 {
			t.Errorf("%+v", e)
		}
	})
}

// FuzzJSONLine tries that what is read of a line of JSON is JSON too, in its order.
func FuzzJSONLine(f *testing.F) {
	f.Add(`{"time":"2026-11-26T05:55:05Z","level":"info","msg":"m","a":{"b":[1,2]},"a":null}`)
	f.Add(`{"ts":1764136505.5,"level":30,"event":"x\r\ny"}`)
	f.Add(`{"@timestamp":1e300,"level":-99999999999,"message":""}`)
	f.Add(`{"":"\ud800"} {}`)
	f.Fuzz(func(t *testing.T, text string) {
		fuzztest.Bound(t)
		line, ok := parseJSONLine([]byte(text))
		if trimmed := strings.TrimSpace(text); ok != (strings.HasPrefix(trimmed, "{") && json.Valid([]byte(trimmed))) {
			t.Fatalf("%q is a line of JSON: %t", text, ok)
		}
		for _, field := range line {
			if !json.Valid(field.value) {
				t.Errorf("%s has %q", field.key, field.value)
			}
		}
		if ok {
			if l := line.level(); l > Critical {
				t.Errorf("level %d", l)
			}
			line.readable(false)
		}
	})
}

// FuzzProbe is in the way of each line of the access log.
func FuzzProbe(f *testing.F) {
	f.Add([]byte(`INFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK`), []byte("health"))
	f.Add([]byte(jsonRequest), []byte("\xff"))
	f.Fuzz(func(t *testing.T, text, search []byte) {
		fuzztest.Bound(t)
		o := newFilter(Options{Text: string(search), Request: string(search), Probe: func(_, _ string, status int) bool { return status == 200 }}, nil)
		o.judge("a-0", text)
		if len(search) > 0 && bytes.Contains(text, bytes.ToLower(search)) && !containsFold(text, bytes.ToLower(search)) {
			t.Errorf("%q has no %q", text, search)
		}
	})
}
