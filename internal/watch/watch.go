// Package watch runs something when files below folders change. Changes are
// gathered: one save is one run, and so are a thousand files that come at
// once. What this process wrote itself starts no run, and a command that writes
// into its own tree is found out, so that a watcher can live inside the tree
// that it watches. Where the system gives no watches, the files are looked at
// instead.
//
// It is not for what is written all the time: a watch that stays costs the
// writer of a log a third of its speed, which is why package logs waits for its
// files by itself, one event at a time.
package watch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"muster/internal/local"
)

// Options say what to watch and what to run.
type Options struct {
	Roots   []string               // folders; everything below them is followed
	Ignore  func(path string) bool // further paths that do not count; may be nil
	Own     *Own                   // writes that do not count; may be nil
	Outputs []string               // files that a run writes by way of other programs
	// Run is called for changes, never twice at a time. paths is nil when
	// there were too many to tell. Its error is the caller's to report.
	Run    func(ctx context.Context, paths []string)
	Settle time.Duration // how long a change is left alone before a run; 0 is enough for an editor's save
	First  bool          // run once at the start, for what changed before; watching comes first
	Ready  func()        // called once everything is watched; may be nil
	Report func(string)  // progress, a line at a time; may be nil

	follow func(roots []string, ignore func(string) bool) (follower, error) // nil is the system's own
}

// follower tells which paths changed.
type follower interface {
	changes() <-chan batch
	close() // and wait for what it started
}

// batch is what changed; after one with an error there are no more.
type batch struct {
	paths []string
	err   error
}

// errWatchLimit says that the system allows no more watches.
var errWatchLimit = errors.New("the system's limit of watches is reached")

// limitHint is what to do about it (inotify(7): /proc interfaces).
const limitHint = "raise it: sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512 (and in /etc/sysctl.d for good)"

func (o *Options) report(s string) {
	if o.Report != nil {
		o.Report(s)
	}
}

// Watch runs until ctx ends and has waited for a run that is under way.
func Watch(ctx context.Context, o Options) error {
	if o.Own == nil {
		o.Own = &Own{}
	}
	roots, err := absolute(o.Roots)
	if err != nil {
		return err
	}
	for i, root := range roots {
		if real, err := filepath.EvalSymlinks(root); err == nil {
			roots[i] = real // the path by which events name what is below
		}
	}
	outputs, err := absolute(o.Outputs)
	if err != nil {
		return err
	}
	skip := func(path string) bool { return Ignored(path) || o.Ignore != nil && o.Ignore(path) }
	follow := o.follow
	if follow == nil {
		follow = followSystem
	}
	f, err := follow(roots, skip)
	if errors.Is(err, errWatchLimit) {
		f, err = o.poll(roots, skip), nil
	}
	if err != nil {
		return err
	}
	defer func() { f.close() }()
	if o.Ready != nil {
		o.Ready()
	}
	debug.FreeOSMemory() // what reading the tree took is not needed again
	g := gather{settle: o.Settle}
	if o.First {
		g.first, g.last, g.many = time.Now(), time.Now(), true
	}
	var echo echoes
	looping := map[string]bool{}
	counts := func(path string) bool { return !looping[path] && !o.Own.has(path) }
	changed := func(path string) {
		if counts(path) {
			g.event(time.Now(), path)
		}
	}
	receive := func(b batch) error {
		for _, path := range b.paths {
			changed(path)
		}
		if !errors.Is(b.err, errWatchLimit) {
			return b.err
		}
		f.close()
		f = o.poll(roots, skip)
		g.event(time.Now(), roots[0]) // what changed in between was not seen
		return nil
	}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	done := make(chan struct{}, 1)
	for {
		if at, ok := g.due(); ok {
			timer.Reset(time.Until(at))
		} else {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			if g.running {
				<-done
			}
			return nil
		case b := <-f.changes():
			if err := receive(b); err != nil {
				return err
			}
		case <-done:
			for _, file := range outputs {
				o.Own.take(file)
			}
			echo.ended = time.Now()
			g.done(counts)
		case <-timer.C:
			select {
			case b := <-f.changes(): // on a busy machine both are late
				if err := receive(b); err != nil {
					return err
				}
			default:
			}
			if at, ok := g.due(); ok && !time.Now().Before(at) {
				last := g.last
				paths := g.start(time.Now())
				if echo.run(paths, last) {
					o.report(fmt.Sprintf("warning: %d runs in a row each changed %s, which is watched: it does not count any more", loop, strings.Join(paths, ", ")))
					for _, path := range paths {
						looping[path] = true
					}
					g.done(counts)
					continue
				}
				go func() {
					defer func() { done <- struct{}{} }()
					o.Run(ctx, paths)
				}()
			}
		}
	}
}

func absolute(paths []string) ([]string, error) {
	all := make([]string, len(paths))
	for i, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return nil, err
		}
		all[i] = abs
	}
	return all, nil
}

func (o *Options) poll(roots []string, skip func(string) bool) follower {
	o.report("warning: " + errWatchLimit.Error() + ", so the files are looked at every second instead; " + limitHint)
	return newPoller(roots, skip)
}

// Ignored tells by its last name whether a path never counts: folders of what
// programs write for themselves, and files of an editor or not yet in place.
func Ignored(path string) bool {
	name := filepath.Base(path)
	switch name {
	case ".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache", ".pytest_cache",
		".ruff_cache", ".local", ".idea", ".vscode", "4913": // the last is vim's trial file
		return true
	}
	return local.IsTemporary(name) || strings.HasSuffix(name, "~") || strings.HasPrefix(name, ".#") ||
		strings.HasSuffix(name, ".swp") || strings.HasSuffix(name, ".swx") || strings.HasSuffix(name, ".pyc")
}
