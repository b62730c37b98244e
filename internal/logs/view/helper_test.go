package view

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"muster/internal/logs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

func shown(t *testing.T, path string, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Tail(t.Context(), &b, o, Log{Path: path}); err != nil {
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

// follower runs Tail in the background.
func follower(t *testing.T, path string, o Options) (out *buffer) {
	t.Helper()
	out = &buffer{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	o.Follow = true
	go func() { done <- Tail(ctx, out, o, Log{Path: path}) }()
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

// fixture is a unifier over files in a folder of its own.
type fixture struct {
	*testing.T
	dir     string
	unified string
	max     int64
	u       *logs.Unifier
	stop    func()
}

func newFixture(t *testing.T, maxSize int64) *fixture {
	t.Helper()
	f := &fixture{T: t, dir: t.TempDir(), max: maxSize}
	f.unified = f.path("backend-unified")
	f.start()
	t.Cleanup(func() { f.stop() })
	return f
}

// open opens the unifier, which reads when it is told to.
func (f *fixture) open() {
	f.Helper()
	u := logs.NewUnifier(logs.Options{
		Unified:    f.unified,
		Checkpoint: filepath.Join(f.dir, "run", "logs.pos"),
		MaxSize:    f.max,
		MaxFiles:   1000,
		Report:     func(err error) { f.Log("reported:", err) },
	})
	f.u = u
}

// start opens the unifier and runs it.
func (f *fixture) start() {
	f.Helper()
	f.open()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.u.Run(ctx) }()
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
		if err := f.u.Add(logs.Source{Name: n, Path: f.path(n)}); err != nil {
			f.Fatal(err)
		}
	}
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

func eventually(t *testing.T, ok func() bool, why func() string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(why())
		}
	}
}

// end is the end of a text, for messages.
func end(s string) string { return s[max(0, len(s)-300):] }

func line(name, text string) string { return fmt.Sprintf("%-18s>> %s\n", name, text) }
