package logs

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"muster/internal/logs/follow"
)

func TestALogThatIsNeverDrainedKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	for name, exists := range map[string]bool{"a log that comes": false, "a log that was silent": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Each write of busy's lines finds as many new ones. With the
			// hundredth comes a line of other.
			const hundredth, last = 100, 200
			flood := bytes.Repeat([]byte(strings.Repeat("x", 99)+"\n"), block/100+1)
			var f *fixture
			started, other := make(chan struct{}), make(chan int, 1)
			writes := 0
			f = newFixture(t, func(o *Options) {
				o.write = func(fd follow.FD, b []byte) error {
					<-started
					if bytes.Contains(b, []byte(">> here")) {
						other <- writes - hundredth
					} else if writes++; writes < last {
						f.write("busy", string(flood))
					}
					if writes == hundredth {
						f.write("other", "here\n")
					}
					return fd.Write(b)
				}
			})
			close(started)
			f.add("other")
			if exists {
				f.write("other", "")
				f.silent()
			}
			f.write("busy", strings.Repeat(string(flood), 3))
			f.add("busy")
			if n := <-other; n > 2*turn {
				t.Errorf("its line came after %d writes for another log, want %d at most", n, 2*turn)
			}
		})
	}
}

func TestALogThatCannotBeReadKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"a folder":               func(path string) error { return os.Mkdir(path, 0o700) },
		"a FIFO":                 func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a link that has no end": func(path string) error { return os.Symlink(path, path) },
	} {
		for where, dir := range map[string]string{"": "", " in a folder without events": t.TempDir()} {
			t.Run(name+where, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				f.add("good")
				bad := f.path("bad")
				if dir != "" {
					bad = filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
					if err := os.Symlink(bad, f.path("bad")); err != nil {
						t.Fatal(err)
					}
				}
				if err := spoil(bad); err != nil {
					t.Fatal(err)
				}
				f.u.Add(Source{Name: "bad", Path: f.path("bad")}) // it may say so
				f.u.mu.Lock()
				slices.Reverse(f.u.sources) // its turn comes first
				f.u.mu.Unlock()
				f.write("good", "one\n")
				f.wait(line("good", "one"))
				if name == "a folder" { // no file can replace it
					if err := os.Rename(bad, bad+".away"); err != nil {
						t.Fatal(err)
					}
				}
				appendTo(t, bad+".new", "better\n")
				if err := os.Rename(bad+".new", bad); err != nil {
					t.Fatal(err)
				}
				f.wait(line("good", "one") + line("bad", "better"))
			})
		}
	}
}

func TestNobodyWritesIntoALineThatTheDiskHasNoRoomFor(t *testing.T) {
	t.Parallel()
	dir, opts := newDir(t)
	opts.Report = nil
	long, full := strings.Repeat("x", 3*block), true
	written := 0
	opts.write = func(fd follow.FD, b []byte) error {
		if written > 0 && full && len(b) > len(line("b", "b")) {
			return unix.ENOSPC
		}
		written++
		return fd.Write(b)
	}
	u := NewUnifier(opts)
	defer u.Close()
	logs := map[string]string{"b": filepath.Join(dir, "logs", "b.log"), "x": filepath.Join(dir, "logs", "x.log")}
	for _, name := range []string{"b", "x"} { // b has its turn first
		appendTo(t, logs[name], "")
		if err := u.Add(Source{Name: name, Path: logs[name]}); err != nil {
			t.Fatal(err)
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	step := func() {
		u.failed = time.Time{} // its pause is over
		for _, s := range u.sources {
			s.hot, s.failed = true, time.Time{}
		}
		u.step()
	}
	appendTo(t, logs["x"], long+"\n")
	step()
	appendTo(t, logs["b"], "b\n")
	step()
	full = false
	step()
	if got, err := os.ReadFile(opts.Unified); err != nil || string(got) != line("x", long)+line("b", "b") {
		t.Errorf("the unified log has %d bytes and ends %q, %v", len(got), end(string(got)), err)
	}
}

func TestALogThatFailsWithinALineKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	dir, opts := newDir(t)
	opts.Report = nil
	folder, err := follow.OpenFD(dir, unix.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	var u *Unifier
	opts.write = func(fd follow.FD, b []byte) error {
		if f := u.sources[0].file; f.Offset == 0 { // what follows cannot be read
			unix.Dup2(int(folder), int(f.FD))
		}
		return fd.Write(b)
	}
	u = NewUnifier(opts)
	defer u.Close()
	for _, text := range []string{strings.Repeat("x", 3*block), "b"} {
		name := text[:1]
		src := Source{Name: name, Path: filepath.Join(dir, "logs", name+".log")}
		appendTo(t, src.Path, text+"\n")
		if err := u.Add(src); err != nil {
			t.Fatal(err)
		}
	}
	u.mu.Lock()
	u.step()
	u.mu.Unlock()
	got, err := os.ReadFile(opts.Unified)
	if err != nil || !bytes.HasSuffix(got, []byte("x"+Mark+"\n"+line("b", "b"))) {
		t.Errorf("the unified log has %d bytes and ends %q, %v", len(got), end(string(got)), err)
	}
}
