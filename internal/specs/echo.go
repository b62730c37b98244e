package specs

import (
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

// run tells of a run that is to start for files which changed last at a time;
// true: it would only be one more of a loop.
func (e *echoes) run(paths []string, last time.Time) bool {
	cause := strings.Join(paths, "\x00")
	if e.ended.IsZero() || cause != e.cause || last.Sub(e.ended) > quiet {
		e.count = 0
	}
	e.count++
	e.cause = cause
	return e.count > loop && cause != ""
}
