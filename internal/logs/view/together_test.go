package view

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// requestLine is one of the access log, its request's id and the time of its end.
func requestLine(id string, at time.Time) string {
	line := strings.Replace(jsonRequest, "0f3a", id, 1)
	return strings.Replace(line, "2026-11-26T05:55:05.123+01:00", at.Format("2006-01-02T15:04:05.000Z07:00"), 1)
}

func TestTheLinesOfARequestAreInOrderOfTime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	unified, access := filepath.Join(dir, "backend-unified.log"), filepath.Join(dir, "nginx-access.log")
	at := func(n int) time.Time { return time.Date(2026, 11, 26, 5, 0, n, 0, time.Local) }
	said := func(n int, text string) string { return at(n).Format("2006-01-02 15:04:05") + " [INFO] " + text }
	appendTo(t, unified, line("a-0", said(1, "begins [x-1]"))+line("a-0", "no time of its own x-1")+line("a-0", said(2, "another x-10"))+
		line("b-0", said(3, "id=x-1 goes on"))+line("nginx", requestLine("x-1", at(5)))+line("a-0", said(7, "late (x-1)")))
	appendTo(t, access, requestLine("x-1x", at(4))+"\n"+requestLine("x-1", at(5))+"\n"+requestLine("x-1", at(6))+"\n")
	request := func(n int) string {
		r, _ := ParseRequest([]byte(requestLine("x-1", at(n))))
		return line("nginx", r.painted(false))
	}
	want := line("a-0", said(1, "begins [x-1]")) + line("a-0", "no time of its own x-1") + line("b-0", said(3, "id=x-1 goes on")) +
		request(5) + request(6) + line("a-0", said(7, "late (x-1)"))
	out := &buffer{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Tail(ctx, out, Options{Request: "x-1", Lines: -1, Follow: true}, Log{"", unified}, Log{"nginx", access})
	}()
	waitFor(t, out, want)
	appendTo(t, access, requestLine("x-1", at(8))+"\n")
	want += request(8)
	waitFor(t, out, want)
	appendTo(t, unified, line("nginx", requestLine("x-1", at(8)))+line("a-0", "x-12")+line("a-0", "x-1 ends"))
	want += line("a-0", "x-1 ends")
	waitFor(t, out, want)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	var two buffer
	if err := Tail(t.Context(), &two, Options{Request: "x-1", Lines: 2}, Log{"", unified}, Log{"nginx", access}); err != nil {
		t.Fatal(err)
	}
	// Of equal times the unified log's come first; what says no time has that of the line before it.
	if got, want := two.String(), line("a-0", "x-1 ends")+request(8); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestATracebackIsOfTheRequestThatItFollows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "backend-unified.log")
	own := []string{"ERROR: x-1 failed", "Traceback (most recent call last):", "  File \"a.py\", line 1, in f", "ValueError: no", "",
		"During handling of the above exception, another exception occurred:", "", "Traceback (most recent call last):", "\tx", "KeyError: 1", "(more of its message)"}
	other := []string{"INFO: x-2 is served", "of no request", "ERROR: x-2 failed", "Traceback (most recent call last):", "  x", "OSError: y"}
	var want strings.Builder
	for i, text := range own {
		appendTo(t, path, line("a-0", text)+line("b-0", other[i%len(other)]))
		want.WriteString(line("a-0", text))
	}
	appendTo(t, path, line("a-0", "2026-11-26 05:00:00 says no level")+line("a-0", "  of another"))
	for _, lines := range []int{-1, len(own), 3} {
		var out buffer
		if err := Tail(t.Context(), &out, Options{Request: "x-1", Lines: lines}, Log{"", path}); err != nil {
			t.Fatal(err)
		}
		all := strings.SplitAfter(want.String(), "\n")
		if lines == 3 {
			all = all[len(own)-3:]
		}
		if got := out.String(); got != strings.Join(all, "") {
			t.Errorf("%d lines:\n%s\nwant\n%s", lines, got, strings.Join(all, ""))
		}
	}
}

func TestAWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"ab": true, "x=ab": true, "[ab]": true, "ab.": true, `"ab"`: true, "xab ab": true, "": false,
		"abc": false, "cab": false, "ab-1": false, "1ab": false, "_ab": false,
	} {
		if got := hasWord([]byte(text), "ab"); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

func TestAReaderBeginsWithTheLastThatMatch(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 20_000 { // several windows
		lines = append(lines, fmt.Sprintf("%05d %s\n", i, strings.Repeat("x", 40)))
	}
	path := logFile(t, lines...)
	read := func(n int, oldest string) (all []string) {
		t.Helper()
		r, _, err := NewReader(path, Cursor{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		match := func(line []byte) (ok, old bool) {
			return strings.HasSuffix(string(line[:5]), "7"), string(line[:5]) < oldest
		}
		if err := r.Last(t.Context(), n, func(line []byte) (bool, bool) {
			ok, old := match(line)
			return ok && !old, old
		}); err != nil {
			t.Fatal(err)
		}
		_ = r.Past(t.Context(), func(line []byte, _ Cursor) error {
			if ok, _ := match(line); ok {
				all = append(all, string(line[:5]))
			}
			return nil
		})
		return all
	}
	if got := read(3, ""); fmt.Sprint(got) != "[19977 19987 19997]" {
		t.Error(got)
	}
	if got := read(1999, ""); len(got) != 1999 || got[0] != "00017" {
		t.Error(len(got), got[0])
	}
	if got := read(-1, "19980"); fmt.Sprint(got) != "[19987 19997]" {
		t.Error(got)
	}
	if got := read(5000, ""); len(got) != 2000 {
		t.Error(len(got))
	}
	if got := read(0, ""); got != nil {
		t.Error(got)
	}
}
