package logs

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// What a trouble may concern, besides the path of a source.
const (
	ofUnified   = "unified log"
	ofPositions = "positions"
	ofIndex     = "time index"
	ofWatch     = "watch"
	ofRotation  = "rotation of " // and a path
	ofWriting   = "writing of "  // and a path
)

// troubles are what is wrong now, each by what it concerns. It has a lock of
// its own: who asks what is wrong does not wait for who writes.
type troubles struct {
	report func(error) // told of what is new; may be nil

	some atomic.Bool
	mu   sync.Mutex
	now  map[string]error
}

// set notes what is wrong with something; nil: nothing is any more.
func (t *troubles) set(of string, err error) {
	if err == nil && !t.some.Load() {
		return
	}
	t.mu.Lock()
	was := t.now[of]
	if err == nil {
		delete(t.now, of)
	} else {
		if t.now == nil {
			t.now = map[string]error{}
		}
		t.now[of] = err
	}
	t.some.Store(len(t.now) > 0)
	t.mu.Unlock()
	if err != nil && t.report != nil && (was == nil || was.Error() != err.Error()) {
		t.report(err)
	}
}

func (t *troubles) list() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	for _, of := range slices.Sorted(maps.Keys(t.now)) {
		if text := t.now[of].Error(); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// Warn adds to the warnings what is wrong with the writing of a file, by others
// than the unifier; nil: nothing is any more.
func (u *Unifier) Warn(path string, err error) { u.set(ofWriting+path, err) }

// Warnings are what is wrong with the logs now; the unifier does without, and
// tries again. It never waits.
func (u *Unifier) Warnings() []string { return u.troubles.list() }
