package view

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"muster/internal/logs"
)

// texts reads a page and returns its texts.
func texts(t *testing.T, path string, o Options, after Cursor, most int) (all []string, p Page) {
	t.Helper()
	p, err := ReadPage(t.Context(), path, o, after, most)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range p.Lines {
		all = append(all, l.Text)
	}
	return all, p
}

func TestPagesHoldEveryLineOnce(t *testing.T) {
	t.Parallel()
	path := logFile(t)
	var want, got []string
	for i := range 500 {
		name, text := "a", fmt.Sprintf("line %d %s", i, strings.Repeat("x", i))
		if i%3 == 0 {
			name = "b-1"
		} else {
			want = append(want, text)
		}
		appendTo(t, path, line(name, text))
		if i == 200 { // it is rotated by its writer
			if err := logs.PutRotated(path, path, 3); err != nil {
				t.Fatal(err)
			}
			appendTo(t, path, "")
		}
	}
	o, next := Options{Only: []string{"a"}, Lines: -1}, Cursor{}
	for pages := 1; ; pages++ {
		all, p := texts(t, path, o, next, 4000)
		got = append(got, all...)
		again, err := ParseCursor(p.Next.String())
		if err != nil || again != p.Next {
			t.Fatalf("%s is read as %s: %v", p.Next, again, err)
		}
		if next = p.Next; !p.More {
			break
		}
		if pages == 13 { // between two pages it is rotated
			if err := logs.PutRotated(path, path, 3); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d lines, want %d", len(got), len(want))
	}
	if all, p := texts(t, path, o, next, 4000); len(all) > 0 || p.Next != next || p.Lost {
		t.Errorf("behind the end: %q, %+v", all, p)
	}
	appendTo(t, path, line("a", "one more"))
	if all, _ := texts(t, path, o, next, 4000); len(all) != 1 || all[0] != "one more" {
		t.Errorf("what came later: %q", all)
	}
}

func TestAPageKnowsTheLevelOfTheLinesBefore(t *testing.T) {
	t.Parallel()
	path := logFile(t, line("a", "[ERROR] it broke"), line("b", "[INFO] well"), line("a", "  at this place"))
	o := Options{Lines: -1, Level: Error}
	_, first := texts(t, path, o, Cursor{}, 1)
	if !first.More {
		t.Fatal("all of it is on one page")
	}
	if all, _ := texts(t, path, o, first.Next, 1000); len(all) != 1 || all[0] != "  at this place" {
		t.Errorf("got %q", all)
	}
}

func TestALogThatWasEmptiedIsToldOf(t *testing.T) {
	t.Parallel()
	path := logFile(t, line("a", "one"), line("a", "two"))
	_, p := texts(t, path, Options{Lines: -1}, Cursor{}, 1000)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	appendTo(t, path, strings.Repeat(line("a", "new"), 5))
	all, again := texts(t, path, Options{Lines: -1}, p.Next, 1000)
	if !again.Lost || len(all) != 5 {
		t.Errorf("got %q, %+v", all, again)
	}
	for _, wrong := range []string{"x", "1-2-3", "1-2-3-4-5", "-1-2-0-0", "1-1-41-0", "1-ffffffffffffffffff-1-1"} {
		if _, err := ParseCursor(wrong); err == nil {
			t.Errorf("%q is taken for a cursor", wrong)
		}
	}
}

func TestAPageOfNothingLeadsToWhatComes(t *testing.T) {
	t.Parallel()
	path := logFile(t, line("a", "one"), line("b", "two"))
	all, p := texts(t, path, Options{Lines: 5, Grep: "nothing"}, Cursor{}, 1000)
	if len(all) != 0 || p.Next == (Cursor{}) {
		t.Fatalf("got %q, %+v", all, p)
	}
	appendTo(t, path, line("b", "three"))
	if all, _ = texts(t, path, Options{Lines: 5}, p.Next, 1000); !slices.Equal(all, []string{"three"}) {
		t.Errorf("got %q", all)
	}
}

func TestReaderFollows(t *testing.T) {
	t.Parallel()
	path := logFile(t, "one\n")
	r, _, err := NewReader(path, Cursor{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var got []string
	var at Cursor
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	take := func(l []byte, behind Cursor) error {
		got, at = append(got, string(l)), behind
		switch len(got) {
		case 2:
			appendTo(t, path, "three\n")
			return logs.PutRotated(path, path, 3)
		case 3:
			appendTo(t, path, "four\n")
		case 4:
			cancel()
		}
		return nil
	}
	if err := r.Past(ctx, take); err != nil {
		t.Fatal(err)
	}
	appendTo(t, path, "two\n")
	if err := r.Follow(ctx, take); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if want := []string{"one", "two", "three", "four"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	appendTo(t, path, "five\n")
	r, lost, err := NewReader(path, at)
	if err != nil || lost {
		t.Fatal(lost, err)
	}
	defer r.Close()
	got = nil
	if err := r.Past(t.Context(), func(l []byte, _ Cursor) error { got = append(got, string(l)); return nil }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, []string{"five"}) {
		t.Errorf("behind the cursor: %q", got)
	}
}
