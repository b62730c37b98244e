package events

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"muster/internal/fuzztest"
	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/logs/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func project(t testing.TB) local.Dir {
	t.Helper()
	dir := local.Of(t.TempDir())
	if err := dir.Make(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestNoEventIsLost has several processes' journals write at once, so much that they
// rotate, while readers follow, and go on from a cursor.
func TestNoEventIsLost(t *testing.T) {
	t.Parallel()
	const writers, each, readers = 3, 500, 10
	dir := project(t)
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			seen, after := map[string]bool{}, view.Cursor{}
			for part := 1; len(seen) < writers*each; part++ {
				ctx, cancel := context.WithCancel(t.Context())
				err := Read(ctx, dir, Query{After: after, Last: -1, Follow: true}, func(r Record) error {
					if r.Kind == Lost || seen[r.Detail] {
						t.Errorf("lost, or twice: %+v", r)
						return context.Canceled
					}
					seen[r.Detail] = true
					var err error
					if after, err = view.ParseCursor(r.Cursor); err != nil {
						return err
					}
					if len(seen) == writers*each || len(seen) == part*400 {
						cancel()
					}
					return ctx.Err()
				})
				cancel()
				if err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for w := range writers {
		wg.Go(func() {
			j := Of(dir)
			defer j.Close()
			j.most = 100 << 10
			for i := range each {
				if err := j.Write(Event{Kind: State, Process: "a-0", Detail: fmt.Sprint(w, " ", i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := os.Stat(logs.Rotated(dir.Events(), 1)); err != nil {
		t.Errorf("it was not rotated: %v", err)
	}
}

func TestHalfALineIsPassedOver(t *testing.T) {
	t.Parallel()
	dir := project(t)
	j := Of(dir)
	defer j.Close()
	if err := j.Write(Event{Kind: Reload, Process: "a-0"}); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(dir.Events(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"event":"state","proc`) // its writer was killed
	f.Close()
	if err := j.Write(Event{Kind: State, Process: "a-1"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	err = Read(t.Context(), dir, Query{Last: -1}, func(r Record) error { got = append(got, r.Process); return nil })
	if want := []string{"a-0", "a-1"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	got = nil
	if err := Read(t.Context(), dir, Query{Last: 1, Only: []string{"a"}}, func(r Record) error { got = append(got, r.Process); return nil }); err != nil || len(got) != 1 || got[0] != "a-1" {
		t.Errorf("the last one is %q, %v", got, err)
	}
}

func TestARemovedFolderStaysRemoved(t *testing.T) {
	t.Parallel()
	dir := project(t)
	j := Of(dir)
	defer j.Close()
	if err := j.Write(Event{Kind: State}); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(string(dir)); err != nil {
		t.Fatal(err)
	}
	if err := j.Write(Event{Kind: State}); err == nil {
		t.Error("it was written")
	}
	if _, err := os.Stat(string(dir)); err == nil {
		t.Error("the folder is there again")
	}
	if err := os.MkdirAll(filepath.Dir(dir.Events()), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("elsewhere", dir.Events()); err != nil {
		t.Fatal(err)
	}
	if err := j.Write(Event{Kind: State}); err == nil {
		t.Error("it was written where a link leads")
	}
}

// TestEveryKindIsListed holds Kinds against what is declared.
func TestEveryKindIsListed(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("events.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), " Kind = \""); n != len(Kinds()) {
		t.Errorf("%d kinds are declared, %d listed", n, len(Kinds()))
	}
}

func BenchmarkWrite(b *testing.B) {
	j := Of(project(b))
	defer j.Close()
	e := Event{Kind: State, Process: "broker-0", Of: "server", From: "starting", State: "healthy", PID: 4711, Seconds: 0.7}
	for b.Loop() {
		if err := j.Write(e); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzRead has any file read as a journal.
func FuzzRead(f *testing.F) {
	line, _ := json.Marshal(Event{Kind: API, Module: "broker", Change: "added"})
	f.Add(append(line, '\n'), "1-2-1-4")
	f.Add([]byte("{\"event\":\"state\"}\n{\n\n\x00"), "")
	f.Fuzz(func(t *testing.T, data []byte, cursor string) {
		fuzztest.Bound(t)
		dir := project(t)
		if err := os.WriteFile(dir.Events(), data, 0o600); err != nil {
			t.Fatal(err)
		}
		after, err := view.ParseCursor(cursor)
		if err != nil {
			after = view.Cursor{}
		}
		n := 0
		if err := Read(t.Context(), dir, Query{After: after, Last: -1}, func(Record) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(data), "\n") + 1; n > lines {
			t.Errorf("%d events of %d lines", n, lines)
		}
	})
}
