package watch

import (
	"os"
	"strings"
	"time"
)

// echoes finds a command that writes into the tree that it is run for: each
// run then leads to the next one, for the same files.
type echoes struct {
	ended time.Time // of the last run
	cause string    // the files that it ran for
	count int       // runs in a row whose cause came with the run before
}

// loop is how many such runs in a row are no coincidence.
const loop = 10

// delivery is how long a change may be on its way to us: a busy machine tells of it
// after a while, and looking at every second does so by design. The times of
// files are believed for no longer, since another machine's clock may set them.
const delivery = 5 * time.Second

// run tells of a run that is to start for files, of whose last change we were
// told at a time; true: it would only be one more of a loop.
func (e *echoes) run(paths []string, told time.Time) bool {
	cause := strings.Join(paths, "\x00")
	if e.ended.IsZero() || cause != e.cause || told.Sub(e.ended) > delivery || lastChange(paths, told).Sub(e.ended) > quiet {
		e.count = 0
	}
	e.count++
	e.cause = cause
	return e.count > loop && cause != ""
}

// lastChange is when the last of the files changed, as far as they tell.
func lastChange(paths []string, told time.Time) time.Time {
	var last time.Time
	for _, path := range paths {
		st, err := os.Stat(path)
		if err != nil || st.ModTime().After(told) {
			return told
		}
		if st.ModTime().After(last) {
			last = st.ModTime()
		}
	}
	return last
}
