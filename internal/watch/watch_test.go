package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// watched runs Watch on a folder and counts its runs until the test ends.
type watched struct {
	dir   string
	runs  atomic.Int32
	mu    sync.Mutex
	paths []string
}

func watch(t *testing.T, o Options) *watched {
	t.Helper()
	w := &watched{}
	if len(o.Roots) == 0 {
		o.Roots = []string{t.TempDir()}
	}
	w.dir = o.Roots[0]
	inner := o.Run
	o.Run = func(ctx context.Context, paths []string) {
		if inner != nil {
			inner(ctx, paths)
		}
		w.mu.Lock()
		w.paths = append(w.paths, paths...)
		w.mu.Unlock()
		w.runs.Add(1)
	}
	ready := make(chan struct{})
	o.Ready = func() { close(ready) }
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Watch(ctx, o) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	return w
}

// settled waits until there have been runs and then none for a while, and
// tells how many.
func (w *watched) settled(t *testing.T) int {
	t.Helper()
	eventually(t, "a run", func() bool { return w.runs.Load() > 0 })
	n, since := w.runs.Load(), time.Now()
	eventually(t, "quiet", func() bool {
		if now := w.runs.Load(); now != n {
			n, since = now, time.Now()
		}
		return time.Since(since) > 250*time.Millisecond
	})
	w.runs.Store(0)
	return int(n)
}

func (w *watched) saw(suffix string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.paths {
		if strings.HasSuffix(p, suffix) {
			return true
		}
	}
	return false
}

func (w *watched) forget() {
	w.mu.Lock()
	w.paths = nil
	w.mu.Unlock()
}

// unsteady counts the pauses that a watcher gets to see between changes.
type unsteady struct {
	follower
	out    chan batch
	ended  chan struct{}
	pauses atomic.Int32
}

func (u *unsteady) follow(roots []string, ignore func(string) bool) (follower, error) {
	f, err := followSystem(roots, ignore)
	u.follower, u.out, u.ended = f, make(chan batch), make(chan struct{})
	if err != nil {
		return nil, err
	}
	go func() {
		last := time.Now()
		for {
			select {
			case b := <-f.changes():
				if now := time.Now(); now.Sub(last) > quiet*2/5 {
					u.pauses.Add(1)
				}
				last = time.Now()
				select {
				case u.out <- b:
				case <-u.ended:
					return
				}
			case <-u.ended:
				return
			}
		}
	}()
	return u, nil
}

func (u *unsteady) changes() <-chan batch { return u.out }

func (u *unsteady) close() {
	close(u.ended)
	u.follower.close()
}

func TestABurstOf2000WritesIsOneRunOrTwo(t *testing.T) {
	// Not parallel: a writer that others hold up makes pauses.
	var last atomic.Value
	dir := t.TempDir()
	var seen unsteady
	w := watch(t, Options{Roots: []string{dir}, follow: seen.follow, Run: func(context.Context, []string) {
		data, _ := os.ReadFile(filepath.Join(dir, "d19", "f99.py"))
		last.Store(string(data))
	}})
	for _, text := range []string{"x", "last"} {
		seen.pauses.Store(0)
		for i := range 2000 {
			write(t, filepath.Join(dir, fmt.Sprintf("d%d", i/100), fmt.Sprintf("f%d.py", i%100)), text)
		}
		// One run, or two when the burst spans one. On a busy machine there are
		// pauses, and what follows one is another burst.
		if n, pauses := w.settled(t), int(seen.pauses.Load()); n > 2+pauses {
			t.Errorf("%q: %d runs and %d pauses", text, n, pauses)
		}
	}
	if last.Load() != "last" {
		t.Errorf("the last run saw %q", last.Load())
	}
}

func TestAnEditorsSaveIsOneRun(t *testing.T) {
	t.Parallel()
	for name, save := range map[string]func(file string) error{
		"write in place": func(file string) error { return os.WriteFile(file, []byte("b"), 0o644) },
		"write, rename, chmod": func(file string) error {
			if err := os.WriteFile(file+".new", []byte("b"), 0o600); err != nil {
				return err
			}
			return errors.Join(os.Rename(file+".new", file), os.Chmod(file, 0o644))
		},
		"keep a backup, write anew": func(file string) error {
			return errors.Join(os.Rename(file, file+"~"), os.WriteFile(file, []byte("b"), 0o644), os.Remove(file+"~"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "a.py")
			write(t, file, "a")
			w := watch(t, Options{Roots: []string{dir}})
			began := time.Now()
			if err := save(file); err != nil {
				t.Fatal(err)
			}
			took := time.Since(began)
			// On a busy machine the save itself may be torn apart.
			if n := w.settled(t); n != 1 && (n > 2 || took < belonging/2) {
				t.Errorf("%d runs for a save of %v", n, took)
			}
			if !w.saw("a.py") {
				t.Errorf("changed: %v", w.paths)
			}
		})
	}
}

func TestFoldersAreFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	write(t, in("a", "deep", "x.py"), "1")
	w := watch(t, Options{Roots: []string{dir}})
	noticed := func(what, suffix string, do func()) {
		t.Helper()
		w.forget()
		do()
		eventually(t, what, func() bool { return w.saw(suffix) })
		w.settled(t)
	}
	noticed("a file that was already there in a new folder", "new/in/it.py", func() {
		tmp := filepath.Join(t.TempDir(), "new")
		write(t, filepath.Join(tmp, "in", "it.py"), "1")
		if err := os.Rename(tmp, in("new")); err != nil {
			t.Fatal(err)
		}
	})
	noticed("a change in a new folder", "new/in/it.py", func() { write(t, in("new", "in", "it.py"), "2") })
	noticed("a file written right after its folder", "quick/f.py", func() { write(t, in("quick", "f.py"), "1") })
	noticed("a moved folder", "moved/deep/x.py", func() {
		if err := os.Rename(in("a"), in("moved")); err != nil {
			t.Fatal(err)
		}
	})
	noticed("a change in a moved folder", "moved/deep/x.py", func() { write(t, in("moved", "deep", "x.py"), "2") })
	noticed("a new folder under the old name", "a/deep/x.py", func() { write(t, in("a", "deep", "x.py"), "3") })
	noticed("a change in it", "a/deep/x.py", func() { write(t, in("a", "deep", "x.py"), "4") })
	noticed("a deleted folder", "a", func() {
		if err := os.RemoveAll(in("a")); err != nil {
			t.Fatal(err)
		}
	})
	for i := range 5 {
		noticed("a folder deleted and made again", "a/deep/x.py", func() {
			os.RemoveAll(in("a"))
			write(t, in("a", "deep", "x.py"), fmt.Sprint(i))
		})
		noticed("a change in that", "a/deep/x.py", func() { write(t, in("a", "deep", "x.py"), fmt.Sprint("again", i)) })
	}
	noticed("a folder that left the tree", "moved", func() {
		if err := os.Rename(in("moved"), filepath.Join(t.TempDir(), "out")); err != nil {
			t.Fatal(err)
		}
	})
}

func TestARootThatIsDeletedIsWaitedFor(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "root")
	write(t, filepath.Join(dir, "a.py"), "1")
	w := watch(t, Options{Roots: []string{dir}})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	w.settled(t)
	write(t, filepath.Join(dir, "a.py"), "2")
	eventually(t, "the new root's file", func() bool { return w.saw("a.py") && w.runs.Load() > 0 })
	w.settled(t)
	w.forget()
	write(t, filepath.Join(dir, "b.py"), "3")
	eventually(t, "a file in the new root", func() bool { return w.saw("b.py") })
}

func TestOwnWritesStartNoRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	own := &Own{}
	client, byCommand := filepath.Join(dir, "clients", "x_client.py"), filepath.Join(dir, "made.py")
	n := 0
	w := watch(t, Options{Roots: []string{dir}, Own: own, Outputs: []string{byCommand}, Run: func(context.Context, []string) {
		n++
		if _, err := own.Write(client, fmt.Append(nil, n)); err != nil {
			t.Error(err)
		}
		write(t, byCommand, fmt.Sprint(n))
	}})
	write(t, filepath.Join(dir, "source.py"), "1")
	if n := w.settled(t); n != 1 {
		t.Errorf("%d runs", n)
	}
	write(t, client, "by hand")
	if n := w.settled(t); n != 1 {
		t.Errorf("another's write to the client: %d runs", n)
	}
}

func TestALoopEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made := filepath.Join(dir, "made.py")
	var said atomic.Value
	n := 0
	w := watch(t, Options{Roots: []string{dir}, Report: func(s string) { said.Store(s) }, Run: func(context.Context, []string) {
		n++
		write(t, made, fmt.Sprint(n))
	}})
	write(t, filepath.Join(dir, "source.py"), "1")
	eventually(t, "a warning", func() bool { return strings.Contains(fmt.Sprint(said.Load()), "each changed "+made) })
	if n := w.settled(t); n != loop+1 {
		t.Errorf("%d runs", n)
	}
	w.forget()
	write(t, filepath.Join(dir, "source.py"), "2")
	if n := w.settled(t); n != 1 || !w.saw("source.py") {
		t.Errorf("another change: %d runs, for %v", n, w.paths)
	}
}

func TestAChangeDuringARunStartsOneMore(t *testing.T) {
	t.Parallel()
	started, goOn := make(chan struct{}, 10), make(chan struct{}, 10)
	w := watch(t, Options{Run: func(context.Context, []string) { started <- struct{}{}; <-goOn }})
	write(t, filepath.Join(w.dir, "a.py"), "1")
	<-started
	for i := range 5 {
		write(t, filepath.Join(w.dir, fmt.Sprint("b", i, ".py")), "2")
	}
	goOn <- struct{}{}
	goOn <- struct{}{}
	goOn <- struct{}{}
	if n := w.settled(t); n != 2 {
		t.Errorf("%d runs", n)
	}
}

func TestIgnoredFilesStartNoRun(t *testing.T) {
	t.Parallel()
	w := watch(t, Options{})
	for _, name := range []string{"__pycache__/a.pyc", ".git/index", "node_modules/x/i.js", ".a.py.swp", "a.py~", ".muster-tmp-1"} {
		write(t, filepath.Join(w.dir, name), "1")
	}
	write(t, filepath.Join(w.dir, "a.py"), "1")
	w.settled(t)
	for _, p := range w.paths {
		if !strings.HasSuffix(p, "a.py") {
			t.Errorf("counted: %s", p)
		}
	}
}

func TestALinkedFileIsFollowed(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	target, other := filepath.Join(elsewhere, "shared.py"), filepath.Join(elsewhere, "other.py")
	write(t, target, "1")
	write(t, other, "1")
	if err := os.Symlink(target, filepath.Join(dir, "link.py")); err != nil {
		t.Fatal(err)
	}
	w := watch(t, Options{Roots: []string{dir}})
	noticed := func(what, suffix string, do func()) {
		t.Helper()
		w.forget()
		do()
		eventually(t, what, func() bool { return w.saw(suffix) })
		w.settled(t)
	}
	for i := range 3 { // an editor puts another file in its place each time
		noticed("what a link leads to", "link.py", func() { write(t, target, fmt.Sprint("now ", i)) })
	}
	noticed("a new link", "late.py", func() {
		if err := os.Symlink(other, filepath.Join(dir, "late.py")); err != nil {
			t.Fatal(err)
		}
	})
	noticed("what that leads to", "late.py", func() { write(t, other, "2") })
	w.forget()
	write(t, filepath.Join(elsewhere, "neighbour.py"), "1")
	noticed("a change", "late.py", func() { write(t, other, "3") })
	if w.saw("neighbour.py") {
		t.Error("a file beside what a link leads to counts")
	}
}
