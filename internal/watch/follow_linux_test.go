package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rjeczalik/notify"
	"golang.org/x/sys/unix"
)

// limited follows as the system does, until so many folders are watched.
func limited(folders int) func([]string, func(string) bool) (follower, error) {
	return func(roots []string, ignore func(string) bool) (follower, error) {
		n := 0
		return newTree(roots, ignore, func(path string, c chan<- notify.EventInfo, events ...notify.Event) error {
			if n++; n > folders {
				return unix.ENOSPC
			}
			return notify.Watch(path, c, events...)
		})
	}
}

func TestAFullWatchTableEndsInPolling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		after int // folders
	}{{"at the start", 1}, {"later", 3}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "one", "a.py"), "1")
			var said atomic.Value
			w := watch(t, Options{Roots: []string{dir}, Report: func(s string) { said.Store(s) }, follow: limited(c.after)})
			write(t, filepath.Join(dir, "two", "three", "b.py"), "1")
			eventually(t, "the new file", func() bool { return w.runs.Load() > 0 })
			eventually(t, "an explanation", func() bool {
				s, _ := said.Load().(string)
				return strings.Contains(s, "fs.inotify.max_user_watches") && strings.Contains(s, "every second")
			})
			w.settled(t)
			w.forget()
			write(t, filepath.Join(dir, "two", "three", "b.py"), "22")
			eventually(t, "a change", func() bool { return w.saw("b.py") })
			w.settled(t)
			w.forget()
			if err := os.Remove(filepath.Join(dir, "one", "a.py")); err != nil {
				t.Fatal(err)
			}
			eventually(t, "a removed file", func() bool { return w.saw("a.py") })
		})
	}
}

func TestLostEventsAreMadeUpFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := newTree([]string{dir}, Ignored, func(string, chan<- notify.EventInfo, ...notify.Event) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	// This tree gets no events at all; it is told to look again, as after an
	// overflow of the kernel's queue.
	f.(*tree).close()
	lost := f.(*tree)
	write(t, filepath.Join(dir, "new", "a.py"), "1")
	lost.count = suspicious
	if err := lost.align(); err != nil {
		t.Fatal(err)
	}
	if !lost.dirs[filepath.Join(dir, "new")] || !slices.Contains(lost.changed, filepath.Join(dir, "new", "a.py")) {
		t.Errorf("watched %v, changed %v", lost.dirs, lost.changed)
	}
	if err := os.RemoveAll(filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	lost.count = suspicious
	if err := lost.align(); err != nil {
		t.Fatal(err)
	}
	if lost.dirs[filepath.Join(dir, "new")] {
		t.Error("a folder that is gone is still taken for watched")
	}
}

func BenchmarkStartOnManyFolders(b *testing.B) {
	dir := b.TempDir()
	for i := range 200 {
		for j := range 10 {
			write(b, filepath.Join(dir, fmt.Sprint(i/20), fmt.Sprint(i), fmt.Sprint(j, ".py")), "x")
		}
	}
	for b.Loop() {
		f, err := followSystem([]string{dir}, Ignored)
		if err != nil {
			b.Fatal(err)
		}
		f.close()
	}
}

// late is an event that tells of a folder's deletion.
type late struct{ path string }

func (l late) Event() notify.Event { return notify.InDelete }
func (l late) Path() string        { return l.path }
func (l late) Sys() any            { return &unix.InotifyEvent{Mask: unix.IN_DELETE | unix.IN_ISDIR} }

func TestADeletionToldTooLateLosesNoFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a", "b", "x.py"), "1")
	watches := 0
	f, err := newTree([]string{dir}, Ignored, func(string, chan<- notify.EventInfo, ...notify.Event) error { watches++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	f.close()
	tr, before := f.(*tree), watches
	tr.handle(late{filepath.Join(dir, "a")})
	if err := tr.align(); err != nil {
		t.Fatal(err)
	}
	if !tr.dirs[filepath.Join(dir, "a")] || !tr.dirs[filepath.Join(dir, "a", "b")] || watches-before != 3 {
		t.Errorf("watched %v with %d calls", tr.dirs, watches-before)
	}
}

func TestALinkedFileIsFollowedWithoutWatches(t *testing.T) {
	t.Parallel()
	dir, target := t.TempDir(), filepath.Join(t.TempDir(), "shared.py")
	write(t, target, "1")
	if err := os.Symlink(target, filepath.Join(dir, "link.py")); err != nil {
		t.Fatal(err)
	}
	w := watch(t, Options{Roots: []string{dir}, follow: limited(0)})
	write(t, target, "22")
	eventually(t, "what a link leads to", func() bool { return w.saw("link.py") })
}
