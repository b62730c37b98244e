package logs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/internal/logs/follow"
)

// damages are what may lie in place of a file.
var damages = map[string]func(path string) error{
	"garbage": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("\xff", 10_000)), 0o600) },
	"sparse": func(path string) error {
		return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 20<<30))
	},
	"folder": func(path string) error { return os.MkdirAll(filepath.Join(path, "full"), 0o700) },
	"fifo":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
}

func runs(t *testing.T, u *Unifier) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		select {
		case err := <-done:
			if err != nil && u.Warnings() == nil {
				t.Error(err)
			}
		case <-time.After(2 * drainFor):
			t.Fatal("it does not end")
		}
	}
}

func holdsLine(path, line string) func() bool {
	return func() bool {
		st, err := os.Stat(path)
		if err != nil || st.Size() > 1<<30 {
			return false
		}
		b, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(b), line)
	}
}

func TestNoDamageKeepsTheUnifierFromItsEndAndLinesFromTheirWay(t *testing.T) {
	t.Parallel()
	for name, damage := range damages {
		for _, of := range []string{"checkpoint", "index", "unified", "source"} {
			t.Run(name+" for the "+of, func(t *testing.T) {
				t.Parallel()
				dir, opts := newDir(t)
				opts.MaxSize, opts.MaxFiles, opts.Report = 1<<20, 3, nil
				good := Source{Name: "good", Path: filepath.Join(dir, "logs", "good.log")}
				bad := Source{Name: "bad", Path: filepath.Join(dir, "logs", "bad.log")}
				path := map[string]string{"checkpoint": opts.Checkpoint, "index": opts.Unified + indexSuffix,
					"unified": opts.Unified, "source": bad.Path}[of]
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), damage(path)); err != nil {
					t.Fatal(err)
				}
				appendTo(t, good.Path, "first\n")
				u := NewUnifier(opts)
				for _, s := range []Source{bad, good} {
					if err := u.Add(s); err != nil {
						t.Error(err)
					}
				}
				stop := runs(t, u)
				st, err := os.Stat(path)
				told := err == nil && !st.Mode().IsRegular() || of == "checkpoint"
				if told {
					eventually(t, func() bool { return len(u.Warnings()) > 0 }, func() string { return "no warning" })
				}
				if of == "unified" && told {
					// It comes once it can be written again.
					if err := os.RemoveAll(path); err != nil {
						t.Fatal(err)
					}
				}
				eventually(t, holdsLine(opts.Unified, line("good", "first")), func() string { return "no line" })
				appendTo(t, good.Path, "second\n")
				eventually(t, holdsLine(opts.Unified, line("good", "second")), func() string { return "no second line" })
				if of == "source" || of == "unified" {
					if err := os.RemoveAll(path + ".1"); err != nil {
						t.Fatal(err)
					}
				}
				if of == "source" {
					if err := os.RemoveAll(path); err != nil {
						t.Fatal(err)
					}
					appendTo(t, path, "mended\n")
					eventually(t, holdsLine(opts.Unified, line("bad", "mended")), func() string { return "no line of what was mended" })
				}
				if of == "source" || of == "unified" {
					eventually(t, func() bool { return u.Warnings() == nil }, func() string { return strings.Join(u.Warnings(), "\n") })
				}
				stop()
			})
		}
	}
}

func TestWithoutAWatchLogsAreReadFromTimeToTime(t *testing.T) {
	t.Parallel()
	dir, opts := newDir(t)
	opts.Report = nil
	opts.waiter = func() (follow.Waiter, error) { return nil, syscall.EMFILE }
	s := Source{Name: "a", Path: filepath.Join(dir, "logs", "a.log")}
	u := NewUnifier(opts)
	if err := u.Add(s); err != nil {
		t.Fatal(err)
	}
	defer runs(t, u)()
	if all := u.Warnings(); len(all) != 1 || !strings.Contains(all[0], "too many open files") {
		t.Errorf("%q", all)
	}
	for _, text := range []string{"first", "second"} {
		appendTo(t, s.Path, text+"\n")
		eventually(t, holdsLine(opts.Unified, line("a", text)), func() string { return "no " + text })
	}
	if err := os.Rename(s.Path, s.Path+".old"); err != nil {
		t.Fatal(err)
	}
	appendTo(t, s.Path, "of a new file\n")
	eventually(t, holdsLine(opts.Unified, line("a", "of a new file")), func() string { return "no new file" })
}

func TestATroubleIsReportedOnce(t *testing.T) {
	t.Parallel()
	var said []string
	var ts troubles
	ts.report = func(err error) { said = append(said, err.Error()) }
	for _, err := range []error{errors.New("a"), errors.New("a"), errors.New("b"), nil, errors.New("b")} {
		ts.set("x", err)
	}
	if got := strings.Join(said, ""); got != "abb" {
		t.Error(got)
	}
	if all := ts.list(); len(all) != 1 || all[0] != "b" {
		t.Error(all)
	}
}
