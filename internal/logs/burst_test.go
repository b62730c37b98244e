package logs

import (
	"os"
	"path/filepath"
	"testing"

	"muster/internal/logs/follow"
)

func TestATracebackIsNotInterleaved(t *testing.T) {
	t.Parallel()
	dir, opts := newDir(t)
	a, b := filepath.Join(dir, "logs", "a.log"), filepath.Join(dir, "logs", "b.log")
	rest := []string{"  File \"x.py\", line 1\n", "    f()\n", "ValueError: x\n"}
	opts.write = func(fd follow.FD, out []byte) error {
		if len(rest) > 0 { // the process prints on while its lines are written
			appendTo(t, a, rest[0])
			rest = rest[1:]
		}
		return fd.Write(out)
	}
	u := NewUnifier(opts)
	defer u.Close()
	for _, s := range []Source{{Name: "a", Path: a}, {Name: "b", Path: b}} {
		appendTo(t, s.Path, "")
		if err := u.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(t, a, "Traceback (most recent call last):\n")
	appendTo(t, b, "b\n")
	u.mu.Lock()
	u.step()
	u.mu.Unlock()
	want := line("a", "Traceback (most recent call last):") + line("a", `  File "x.py", line 1`) +
		line("a", "    f()") + line("a", "ValueError: x") + line("b", "b")
	if got, _ := os.ReadFile(opts.Unified); string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
