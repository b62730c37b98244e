package watch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rjeczalik/notify"
	"golang.org/x/sys/unix"

	"muster/internal/local"
)

// tree follows folders with one watch each. notify could do folders within
// folders by itself, but its recursive mode loses a folder that is created
// again under an old name, and what is written into a new one before its
// watch is set, and it swallows the error of a full watch table. So each
// folder is watched for itself here.
type tree struct {
	roots  []string
	ignore func(string) bool
	watch  watchFunc
	events chan notify.EventInfo
	out    chan batch
	quit   chan struct{}
	ended  chan struct{}

	dirs map[string]bool // that are watched
	// links are files elsewhere by the links to them; their folders, aside, are
	// watched for nothing but those.
	links map[string][]string
	aside map[string]bool
	// gone are folders that were watched and are no more: notify still takes
	// them for watched until their channel is stopped.
	gone       map[string]bool
	fresh      []string // new folders, not yet watched
	freshLinks []string // files that came, and may be links
	changed    []string
	count      int  // events since the last batch
	missing    bool // a root is not there
}

type watchFunc func(path string, c chan<- notify.EventInfo, events ...notify.Event) error

// What can change a file's content or place. Attributes are left out: a chmod
// changes no meaning.
var followed = [...]notify.Event{notify.InModify, notify.InCloseWrite, notify.InCreate, notify.InDelete,
	notify.InMovedFrom, notify.InMovedTo, notify.InDeleteSelf, notify.InMoveSelf}

const (
	// backlog is how many events may wait: notify drops what finds it full.
	backlog = 8192
	// suspicious is how many events in one go may have overflown the kernel's
	// queue (16,384 by default), which notify does not tell.
	suspicious = 4096
	// missingEvery is how often a root that is not there is looked for.
	missingEvery = 250 * time.Millisecond
)

func followSystem(roots []string, ignore func(string) bool) (follower, error) {
	return newTree(roots, ignore, notify.Watch)
}

func newTree(roots []string, ignore func(string) bool, watch watchFunc) (follower, error) {
	t := &tree{roots: roots, ignore: ignore, watch: watch, events: make(chan notify.EventInfo, backlog), out: make(chan batch),
		quit: make(chan struct{}), ended: make(chan struct{}), dirs: map[string]bool{}, gone: map[string]bool{}, links: map[string][]string{}, aside: map[string]bool{}}
	if err := t.addRoots(false); err != nil {
		notify.Stop(t.events)
		return nil, err
	}
	go t.run()
	return t, nil
}

func (t *tree) changes() <-chan batch { return t.out }

func (t *tree) close() {
	close(t.quit)
	<-t.ended
	notify.Stop(t.events)
}

func (t *tree) run() {
	defer close(t.ended)
	ticker := time.NewTicker(missingEvery)
	ticker.Stop()
	ticking := false
	for {
		if t.missing != ticking {
			if ticking = t.missing; ticking {
				ticker.Reset(missingEvery)
			} else {
				ticker.Stop()
			}
		}
		var out chan batch
		if len(t.changed) > 0 {
			out = t.out
		}
		var err error
		select {
		case <-t.quit:
			return
		case out <- batch{paths: t.changed}:
			t.changed = nil
			continue
		case ei := <-t.events:
			t.handle(ei)
			t.drain()
			err = t.align()
		case <-ticker.C:
			err = t.addRoots(true)
		}
		if err != nil {
			select {
			case t.out <- batch{t.changed, err}:
			case <-t.quit:
			}
			return
		}
	}
}

// drain takes what waits already, so that folders are seen to all at once.
func (t *tree) drain() {
	for {
		select {
		case ei := <-t.events:
			t.handle(ei)
		default:
			return
		}
	}
}

func (t *tree) handle(ei notify.EventInfo) {
	t.count++
	if len(t.events) >= backlog-1 {
		t.count = suspicious // some were dropped
	}
	raw, ok := ei.Sys().(*unix.InotifyEvent)
	path := ei.Path()
	for _, link := range t.links[path] {
		t.note(link)
	}
	if !ok || !t.dirs[filepath.Dir(path)] && !t.dirs[path] && t.aside[filepath.Dir(path)] || t.ignore(path) && !t.dirs[path] {
		return
	}
	switch mask := raw.Mask; {
	case mask&(unix.IN_DELETE_SELF|unix.IN_MOVE_SELF) != 0:
		if !slices.Contains(t.roots, path) {
			return // its parent tells, and later
		}
		t.lose(path)
		t.missing = true
	case mask&unix.IN_ISDIR != 0 && mask&(unix.IN_DELETE|unix.IN_MOVED_FROM) != 0:
		t.lose(path)
		// notify hands events over in any order: the folder may be there
		// again, and its creation told already.
		t.fresh = append(t.fresh, path)
	case mask&unix.IN_ISDIR != 0 && mask&(unix.IN_CREATE|unix.IN_MOVED_TO) != 0:
		t.fresh = append(t.fresh, path)
		return // what it holds is what changed
	case mask&unix.IN_ISDIR != 0:
		return
	case mask&(unix.IN_CREATE|unix.IN_MOVED_TO) != 0:
		t.freshLinks = append(t.freshLinks, path)
	}
	t.note(path)
}

func (t *tree) note(path string) {
	// One file's events come in a row: a cheap way to keep the list short.
	if n := len(t.changed); n > 0 && t.changed[n-1] == path {
		return
	}
	t.changed = append(t.changed, path)
}

// lose forgets a folder and those below it.
func (t *tree) lose(path string) {
	below := path + string(filepath.Separator)
	for d := range t.dirs {
		if d == path || strings.HasPrefix(d, below) {
			delete(t.dirs, d)
			t.gone[d] = true
		}
	}
}

// align brings the watches in line with the folders after a batch of events.
func (t *tree) align() error {
	if t.count >= suspicious {
		t.count = 0
		t.lookAgain()
	}
	if len(t.gone) > 0 {
		if err := t.renew(); err != nil {
			return err
		}
	}
	fresh := t.fresh
	t.fresh = nil
	for _, dir := range fresh {
		if err := t.add(dir, true); err != nil {
			return err
		}
	}
	links := t.freshLinks
	t.freshLinks = nil
	for _, path := range links {
		if err := t.addLink(path); err != nil {
			return err
		}
	}
	if len(t.events) == 0 {
		t.count = 0
	}
	return nil
}

// renew moves every folder that is left to a new channel and stops the old
// one, which makes notify give up the watches of the folders that are gone.
// Each event comes on at least one of the two.
func (t *tree) renew() error {
	old := t.events
	t.events = make(chan notify.EventInfo, backlog)
	for dir := range t.dirs {
		if err := t.watchDir(dir); err != nil {
			return err
		}
	}
	for dir := range t.aside {
		if err := t.watchAside(dir); err != nil {
			return err
		}
	}
	notify.Stop(old)
	t.gone = map[string]bool{}
	for {
		select {
		case ei := <-old:
			t.handle(ei)
		default:
			return nil
		}
	}
}

// lookAgain finds what lost events would have told: folders that came or went.
func (t *tree) lookAgain() {
	for d := range t.dirs {
		if !local.IsDir(d) {
			t.lose(d)
			t.note(d)
		}
	}
	t.fresh = append(t.fresh, t.roots...)
}

// addRoots watches the roots that are there and not yet watched.
func (t *tree) addRoots(tell bool) error {
	t.missing = false
	for _, root := range t.roots {
		if t.dirs[root] {
			continue
		}
		if !local.IsDir(root) {
			t.missing = true
			continue
		}
		if len(t.gone) > 0 {
			if err := t.renew(); err != nil {
				return err
			}
		}
		if err := t.add(root, tell); err != nil {
			return err
		}
	}
	return nil
}

// add watches a folder and those in it. A folder is watched before it is
// read, so that nothing falls between; what a new one holds has changed.
func (t *tree) add(dir string, tell bool) error {
	known := t.dirs[dir]
	if !known {
		if err := t.watchDir(dir); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // gone again, or not ours to read
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case t.ignore(path):
		case e.IsDir():
			if err := t.add(path, tell); err != nil {
				return err
			}
		default:
			if tell && !known {
				t.note(path)
			}
			if e.Type()&os.ModeSymlink != 0 {
				if err := t.addLink(path); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// addLink follows the file that a link leads to, by the folder that it is in: an
// editor puts another file in its place. Folders that links lead to are not
// followed.
func (t *tree) addLink(path string) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil || target == path {
		return nil
	}
	if st, err := os.Stat(target); err != nil || !st.Mode().IsRegular() {
		return nil
	}
	if !slices.Contains(t.links[target], path) {
		t.links[target] = append(t.links[target], path)
	}
	dir := filepath.Dir(target)
	if t.aside[dir] {
		return nil
	}
	t.aside[dir] = true
	return t.watchAside(dir)
}

func (t *tree) watchAside(dir string) error {
	if t.dirs[dir] {
		return nil
	}
	err := t.watchDir(dir)
	delete(t.dirs, dir)
	return err
}

func (t *tree) watchDir(dir string) error {
	err := t.watch(dir, t.events, followed[:]...)
	switch {
	case err == nil:
		t.dirs[dir] = true
	case errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EMFILE):
		return fmt.Errorf("%w: watching %s: %w", errWatchLimit, dir, err)
	case errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOTDIR):
		delete(t.dirs, dir)
	case errors.Is(err, os.ErrPermission):
		delete(t.dirs, dir) // what cannot be read cannot be a source
	default:
		return fmt.Errorf("watching %s: %w", dir, err)
	}
	return nil
}
