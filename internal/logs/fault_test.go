package logs

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/internal/logs/follow"
)

// killed is what a test's hook throws: the unifier does nothing more.
type killed struct{}

// until runs f, which may be killed, and reports whether it was.
func until(f func()) (dead bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(killed); !ok {
				panic(p)
			}
			dead = true
		}
	}()
	f()
	return false
}

func newDir(t testing.TB) (dir string, opts Options) {
	dir = t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, Options{
		Unified:    filepath.Join(dir, "logs", "backend-unified.log"),
		Checkpoint: filepath.Join(dir, "run", "logs.pos"),
		Report:     func(err error) { t.Error("reported:", err) },
	}
}

// session opens a unifier, adds the sources, drains them and leaves everything
// as a kill would.
func session(t testing.TB, opts Options, sources ...Source) {
	u := NewUnifier(opts)
	defer u.Close()
	for _, s := range sources {
		if err := u.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := u.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAKillWithinAWriteLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	dir, opts := newDir(t)
	a := Source{Name: "a", Path: filepath.Join(dir, "logs", "a.log")}
	b := Source{Name: "b", Path: filepath.Join(dir, "logs", "b.log")}
	first, second := "a1\na2\npartial", " ends\r\nbar\rbar2\nlast\n"
	reference := line("a", "a1") + line("a", "a2") + line("b", "b1") + line("b", "b2") + line("a", "partial ends\r") +
		fmt.Sprintf("%-18[1]s>> bar\r%-18[1]s>> bar2\n", "a") + line("a", "last")
	for bytes := 0; ; bytes++ {
		for _, p := range []string{opts.Unified, opts.Checkpoint, a.Path, b.Path} {
			os.Remove(p)
		}
		left, kills := bytes, 0
		dying := opts
		dying.write = func(fd follow.FD, b []byte) error {
			n := min(left, len(b))
			left -= n
			if err := fd.Write(b[:n]); err != nil {
				return err
			}
			if left == 0 {
				kills++
				left = 7 // the next one dies soon, too
				panic(killed{})
			}
			return nil
		}
		appendTo(t, a.Path, first)
		appendTo(t, b.Path, "b1\nb2\n")
		alive := func(o Options) {
			u := NewUnifier(o)
			defer u.Close()
			for _, s := range []Source{a, b} {
				if err := u.Add(s); err != nil {
					t.Fatal(err)
				}
				// Not Drain: the partial line is to wait.
				for _, s := range u.sources {
					for u.pump(s) {
					}
				}
			}
		}
		until(func() { alive(dying) })
		appendTo(t, a.Path, second)
		until(func() { alive(dying) })
		alive(opts)
		got, _ := os.ReadFile(opts.Unified)
		// When the kill came before the partial line's end, b's lines come later.
		if string(got) != reference && !sameLines(string(got), reference) {
			t.Fatalf("killed after %d bytes: got\n%q\nwant\n%q", bytes, got, reference)
		}
		if kills == 0 {
			if bytes < len(reference)/2 {
				t.Fatalf("no kill after %d bytes", bytes)
			}
			return
		}
	}
}

// sameLines reports whether two logs hold the same lines of each process in
// the same order.
func sameLines(a, b string) bool {
	split := func(s string) map[string]string {
		m := map[string]string{}
		for l := range strings.Lines(s) {
			m[l[:prefixWidth]] += l
		}
		return m
	}
	return fmt.Sprint(split(a)) == fmt.Sprint(split(b))
}

func TestAKillAtEachStepOfARotationLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	dir, opts := newDir(t)
	if _, err := cutUnit(opts.Unified); err != nil {
		t.Skip("this file system cannot cut off the head of a file:", err)
	}
	a := Source{Name: "a", Path: filepath.Join(dir, "logs", "a.log")}
	opts.MaxSize, opts.MaxFiles = 200_000, 100
	const lines = 3000
	moments := []string{"copied", "stamped", "stamp noted", "cut", "blanked", "renamed", "noted"}
	for _, moment := range moments {
		for _, again := range append(moments, "") {
			for _, p := range append(withRotated(a.Path), withRotated(opts.Unified)...) {
				os.Remove(p)
			}
			os.Remove(opts.Checkpoint)
			if err := writeNumbered(a.Path, "a", lines, 50_000); err != nil {
				t.Fatal(err)
			}
			deaths := 0
			for _, at := range []string{moment, again} {
				dying := opts
				dying.at = func(m string) {
					if m == at {
						panic(killed{})
					}
				}
				if until(func() { session(t, dying, a) }) {
					deaths++
				}
			}
			if deaths == 0 {
				t.Fatalf("no rotation came to the moment %q", moment)
			}
			session(t, opts, a)
			countNumbered(t, []string{"a"}, lines, withRotated(opts.Unified)...)
			countNumbered(t, []string{"a"}, lines, withRotated(a.Path)...)
			if t.Failed() {
				t.Fatalf("killed at %q and %q", moment, again)
			}
		}
	}
}

func TestKilledUnifiersLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	for name, maxSize := range map[string]int64{"without rotation": 0, "with rotation": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, opts := newDir(t)
			names := []string{"w0", "w1", "w2"}
			const lines = 60_000
			done := make(chan error, len(names))
			for i, n := range names {
				w := child(t, "write", filepath.Join(dir, "logs", n+".log"), n, fmt.Sprint(lines), fmt.Sprint([]int{1, 700, 65536}[i]))
				if err := w.Start(); err != nil {
					t.Fatal(err)
				}
				go func() { done <- w.Wait() }()
			}
			args := append([]string{"unify", dir, fmt.Sprint(maxSize)}, names...)
			kills := 0
			for left := len(names); left > 0 || kills < 20; kills++ {
				u := child(t, args...)
				in, err := u.StdinPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := u.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10*time.Millisecond + time.Duration(rand.IntN(40_000))*time.Microsecond)
				u.Process.Kill()
				u.Wait()
				in.Close()
				for left > 0 {
					select {
					case err := <-done:
						if err != nil {
							t.Fatal(err)
						}
						left--
						continue
					default:
					}
					break
				}
			}
			t.Logf("%d kills", kills)
			var sources []Source
			for _, n := range names {
				sources = append(sources, Source{Name: n, Path: filepath.Join(dir, "logs", n+".log")})
			}
			opts.MaxSize, opts.MaxFiles = maxSize, 1000
			session(t, opts, sources...)
			countNumbered(t, names, lines, withRotated(opts.Unified)...)
			for _, s := range sources {
				countNumbered(t, []string{s.Name}, lines, withRotated(s.Path)...)
			}
		})
	}
}

func TestACutThatTheFileSystemRefusesIsUndone(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"", "stamped", "stamp noted", "put back"} {
		t.Run("killed: "+moment, func(t *testing.T) {
			t.Parallel()
			dir, opts := newDir(t)
			if _, err := cutUnit(opts.Unified); err != nil {
				t.Skip("this file system cannot cut off the head of a file:", err)
			}
			var reports []error
			opts.Report = func(err error) { reports = append(reports, err) }
			opts.MaxSize, opts.MaxFiles = 200_000, 100
			const lines = 3000
			a := Source{Name: "a", Path: filepath.Join(dir, "logs", "a.log")}
			if err := writeNumbered(a.Path, "a", lines, 50_000); err != nil {
				t.Fatal(err)
			}
			whole, err := os.ReadFile(a.Path)
			if err != nil {
				t.Fatal(err)
			}
			dying := opts
			dying.at = func(m string) {
				if m == moment {
					panic(killed{})
				}
			}
			dead := until(func() {
				u := NewUnifier(dying)
				defer u.Close()
				if err := u.Add(a); err != nil {
					t.Fatal(err)
				}
				u.sources[0].unit = 1000 // no block of a file system
				if err := u.Drain(t.Context()); err != nil {
					t.Error(err)
				}
			})
			if dead != (moment != "") {
				t.Fatal("no cut came to that moment")
			}
			u := NewUnifier(opts)
			u.Close()
			if len(reports) != 1 || !strings.Contains(reports[0].Error(), "cannot rotate") {
				t.Errorf("reported: %v", reports)
			}
			if b, err := os.ReadFile(a.Path); err != nil || string(b) != string(whole) {
				t.Errorf("the file is not as it was: %.100q, %v", b, err)
			}
			if _, err := os.Stat(a.Path + rotating); err == nil {
				t.Error("the copy of its head is left")
			}
			session(t, opts, a)
			countNumbered(t, []string{"a"}, lines, withRotated(opts.Unified)...)
			countNumbered(t, []string{"a"}, lines, withRotated(a.Path)...)
		})
	}
}
