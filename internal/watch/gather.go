package watch

import (
	"maps"
	"slices"
	"time"
)

// gather decides when changes lead to a run. It is a state machine without a
// clock of its own: every call is told the time.
//
//	idle --event--> waiting --due--> running --done--> idle, or waiting again
//
// A change that stands alone runs at once. Many changes are a burst: it runs
// when it has been quiet for a while. What happens during a run leads to one
// more.
type gather struct {
	settle  time.Duration // the caller's own, where it is longer
	running bool
	started time.Time // of the last run
	first   time.Time // event since the last start
	last    time.Time
	paths   map[string]bool
	many    bool // more than are worth remembering
}

const (
	// belonging is how long a lone change waits for what belongs to it, such as
	// the rename and chmod of an editor.
	belonging = 3 * time.Millisecond
	// loneAtMost bounds that, for a file that is written on and on.
	loneAtMost = 25 * time.Millisecond
	// lone is how many files one save may touch.
	lone = 8
	// quiet is how long after the last change a burst is over: a program that
	// writes many files pauses less, and a person does not notice.
	quiet = 50 * time.Millisecond
	// together is how soon after a run's start a change belongs to a burst.
	together = 300 * time.Millisecond
	// burstAtMost bounds a burst that never ends.
	burstAtMost = 10 * time.Second
	// remembered bounds the paths that are kept for a run.
	remembered = 4096
)

func (g *gather) event(now time.Time, path string) {
	if g.paths == nil {
		g.paths = map[string]bool{}
	}
	if !g.waiting() {
		g.first = now
	}
	g.last = now
	if len(g.paths) >= remembered {
		g.many = true
		return
	}
	g.paths[path] = true
}

func (g *gather) waiting() bool { return g.many || len(g.paths) > 0 }

func (g *gather) burst() bool {
	return len(g.paths) > lone || g.many || !g.started.IsZero() && g.first.Sub(g.started) < together
}

// due is when the next run is to start; false while there is nothing to run
// for, or a run is under way.
func (g *gather) due() (time.Time, bool) {
	if g.running || !g.waiting() {
		return time.Time{}, false
	}
	wait, most := belonging, loneAtMost
	if g.burst() {
		wait, most = quiet, burstAtMost
	}
	if g.settle > wait {
		wait, most = g.settle, max(most, 10*g.settle)
	}
	at := g.last.Add(wait)
	if end := g.first.Add(most); end.Before(at) {
		at = end
	}
	return at, true
}

// start begins a run and hands over the changed paths; nil stands for more
// than were counted.
func (g *gather) start(now time.Time) []string {
	paths := slices.Sorted(maps.Keys(g.paths))
	if g.many {
		paths = nil
	}
	g.running, g.started = true, now
	g.paths, g.many = nil, false
	return paths
}

// done ends a run. Of what changed meanwhile, only what still counts stays.
func (g *gather) done(counts func(path string) bool) {
	g.running = false
	for path := range g.paths {
		if !counts(path) {
			delete(g.paths, path)
		}
	}
}
