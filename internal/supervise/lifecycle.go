package supervise

import (
	"time"

	"muster/internal/plan"
)

// State is where a process is in its life. docs/architecture.md draws the
// states and what leads from one to another.
type State string

// The states, as `backend:status -json` names them.
const (
	Stopped   State = "stopped"   // not wanted, or ended and not to be restarted
	Starting  State = "starting"  // runs, or waits for what it depends on, and was not healthy yet
	Healthy   State = "healthy"   // answers its health check
	Unhealthy State = "unhealthy" // runs and does not answer as it should
	Backoff   State = "backoff"   // ended, waits for its next restart
	Failed    State = "failed"    // ended, and a restart was not wanted
	Stopping  State = "stopping"  // was told to end
	Succeeded State = "succeeded" // a task that has done its work
)

// well tells a state in which others can rely on a process.
func (s State) well() bool { return s == Healthy || s == Succeeded }

// life is where a process is, and what is meant to become of it. It is plain
// data: an event says what follows, and process does it.
type life struct {
	state    State
	detail   string // why it is in that state; "" where there is nothing to say
	hint     string // what a person can do about it
	cause    Cause  // why, for a program
	runs     bool   // there is a child
	looking  bool   // a reloader's worker is looked at, at its start and after one ended
	waitsFor string // the process that has to be there first
	check    string // what the last failed health check of a start told
	checked  Cause  // the same for a program
	failed   int    // health checks in a row
	restarts int
	stuck    bool // the child does not end, whatever it is sent
	backoff  backoff
	leftOut  []string // sources that a reloader is not to watch, since it writes them itself
	asks     bool     // of a task: the child asks whether it is to be run at all
	asked    bool     // and has said yes
	intent
}

// intent is what is to become of a process.
type intent struct {
	wanted   bool   // to run: it is restarted when it ends
	failFast bool   // somebody waits for its start: an end before it is healthy is final
	again    bool   // the child that is being ended gets a successor at once
	reason   string // why that child must go; "" where somebody asked for it
	why      Cause  // the same for a program
	suspect  bool   // the last look found a dead worker
}

// event is what happens to a process: it changes the process's life, and nothing
// else, and says what is to be done.
type event interface {
	on(l *life, p *plan.Process) []action
}

// killPatience is how long a killed process may take to end before that is told.
const killPatience = 2 * time.Second

// action is what a process does next.
type action struct {
	do   deed
	time time.Duration // doEnd: from the stop signal to SIGKILL; doWait: until the timer
}

type deed int

const (
	doLaunch       deed = iota // or wait for what it depends on
	doEnd                      // ask the child to go
	doKill                     // what is left of it
	doWait                     // set the timer
	doCheckAnew                // begin the health checks anew, as at a start
	doLook                     // look at the reloader's worker, again and again
	doAwaitWorker              // leave the worker to the kernel until one ends
	doCloseSocket              // nobody will serve it
	doReread                   // have it read its configuration again
	doForgetConfig             // it runs with another one than its file holds
)

// The orders of a person.
type (
	startOrder   struct{ failFast bool }
	stopOrder    struct{ timeout time.Duration }
	restartOrder struct{ timeout time.Duration }
	// haltOrder is the first half of a restart: the process ends and keeps its
	// socket, in which connections wait for the second half.
	haltOrder struct{ timeout time.Duration }
	reread    struct{} // its configuration has changed
	unread    struct{} // and it has not taken that
)

// What becomes of a launch, and of the child.
type (
	blocked   struct{ by string } // it has to wait for that process
	unblocked struct{}
	launched  struct{ asks bool } // whether the task is to be run
	adopted   struct{}
	ended     struct { // the child, or a launch that did not get that far
		how     string
		ok      bool
		unknown bool   // it is not known whether it is ok
		hint    string // what a person can do
		cause   Cause
	}
	timeUp        struct{}             // of the timer
	stuckAt       struct{ why string } // SIGKILL did not end it
	workerEnded   struct{}
	reloadsItself struct{ because []string } // of the sources that its own start writes
	workerLooked  struct{ dead, killed bool }
)
