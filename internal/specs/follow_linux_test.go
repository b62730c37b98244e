package specs

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rjeczalik/notify"
)

// limited follows as the system does, until so many folders are watched.
func limited(folders int) func([]string, func(string) bool) (follower, error) {
	return func(roots []string, ignore func(string) bool) (follower, error) {
		n := 0
		return newTree(roots, ignore, func(path string, c chan<- notify.EventInfo, events ...notify.Event) error {
			if n++; n > folders {
				return errFull
			}
			return notify.Watch(path, c, events...)
		})
	}
}

func TestLostEventsAreMadeUpFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := newTree([]string{dir}, ignored, func(string, chan<- notify.EventInfo, ...notify.Event) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	// This tree gets no events at all; it is told to look again, as after an
	// overflow of the kernel's queue.
	f.(*tree).close()
	lost := f.(*tree)
	write(t, filepath.Join(dir, "new", "a.py"), "1")
	lost.count = suspicious
	if err := lost.settle(); err != nil {
		t.Fatal(err)
	}
	if !lost.dirs[filepath.Join(dir, "new")] || !has(lost.changed, filepath.Join(dir, "new", "a.py")) {
		t.Errorf("watched %v, changed %v", lost.dirs, lost.changed)
	}
	if err := os.RemoveAll(filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	lost.count = suspicious
	if err := lost.settle(); err != nil {
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
		f, err := followSystem([]string{dir}, ignored)
		if err != nil {
			b.Fatal(err)
		}
		f.close()
	}
}
