package supervise

import (
	"fmt"
	"slices"
	"strings"
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

func (e startOrder) on(l *life, _ *plan.Process) []action {
	l.wanted, l.asked = true, false
	switch {
	case !l.runs:
		l.failFast, l.again = e.failFast, false
		l.backoff.reset()
		return []action{{do: doLaunch}}
	case l.state == Stopping:
		l.again, l.failFast = true, e.failFast
	}
	return nil
}

func (e stopOrder) on(l *life, p *plan.Process) []action {
	l.wanted, l.again = false, false
	if !l.runs {
		l.to(Stopped, "")
		return []action{{do: doCloseSocket}}
	}
	l.reason, l.why = "", Cause{} // it may be on its way to a restart
	return l.end("", Cause{}, e.timeout)
}

func (e haltOrder) on(l *life, p *plan.Process) []action {
	if !l.runs {
		l.to(Stopped, "")
		return nil
	}
	l.again, l.reason, l.why = false, "", Cause{}
	return l.end("", Cause{}, e.timeout)
}

func (e restartOrder) on(l *life, p *plan.Process) []action {
	l.wanted, l.failFast, l.asked = true, false, false
	l.backoff.reset()
	if !l.runs {
		return []action{{do: doLaunch}}
	}
	l.again = true
	return l.end("", Cause{}, e.timeout)
}

func (reread) on(l *life, _ *plan.Process) []action {
	if !l.runs || l.state == Stopping {
		return nil
	}
	return []action{{do: doReread}}
}

func (unread) on(*life, *plan.Process) []action { return []action{{do: doForgetConfig}} }

func (e blocked) on(l *life, _ *plan.Process) []action {
	l.to(Starting, "waits for "+e.by)
	l.cause.Reason = Waits
	l.waitsFor = e.by
	return nil
}

func (unblocked) on(l *life, _ *plan.Process) []action {
	return []action{{do: doLaunch}}
}

func (e launched) on(l *life, p *plan.Process) []action {
	l.runs, l.again, l.reason, l.suspect, l.check, l.failed = true, false, "", false, "", 0
	l.why, l.checked = Cause{}, Cause{}
	l.to(Starting, "")
	if l.asks = e.asks; p.Kind == plan.Task {
		return []action{{doWait, p.Timeout}}
	}
	if l.looking = p.Reload; l.looking {
		return []action{{do: doLook}}
	}
	return nil
}

func (adopted) on(l *life, p *plan.Process) []action {
	l.wanted = true
	return launched{}.on(l, p)
}

func (e ended) on(l *life, p *plan.Process) []action {
	was, how, cause := *l, e.how, e.cause
	if l.reason != "" {
		how, cause = l.reason, l.why
	}
	l.runs, l.looking, l.stuck, l.again, l.reason, l.why = false, false, false, false, "", Cause{}
	begins := was.state == Starting || was.state == Stopping || !was.runs
	switch {
	case was.state == Stopping && was.runs && was.again:
		return []action{{do: doLaunch}}
	case was.state == Stopping && was.runs && was.reason == "":
		l.to(Stopped, "")
		return l.release()
	case p.Kind == plan.Task && was.runs:
		return l.taskEnded(e, how, cause)
	case l.failFast && begins, p.Restart == plan.RestartNever && !e.ok:
		l.wanted = false
		l.to(Failed, how)
		l.hint, l.cause = e.hint, cause
		return l.release()
	case p.Restart != plan.RestartAlways && e.ok:
		l.wanted = false
		l.to(Stopped, how)
		return l.release()
	}
	if was.runs {
		l.restarts++
	}
	wait := action{doWait, l.backoff.next()}
	l.to(Backoff, how)
	l.hint, l.cause = e.hint, cause
	return []action{wait}
}

func (timeUp) on(l *life, p *plan.Process) []action {
	switch l.state {
	case Starting:
		if p.Kind == plan.Task && l.runs {
			return l.end(fmt.Sprintf("not done within %s", p.Timeout), Cause{Reason: TimedOut}, p.StopTimeout)
		}
	case Stopping:
		return []action{{do: doKill}, {doWait, killPatience}}
	case Backoff:
		return []action{{do: doLaunch}}
	case Healthy:
		l.backoff.reset()
	}
	return nil
}

func (e stuckAt) on(l *life, _ *plan.Process) []action {
	if l.state != Stopping {
		return nil
	}
	l.stuck = true
	l.to(Stopping, e.why)
	l.cause.Reason = Stuck
	return nil
}

// on takes the outcome of a health check.
func (r checkResult) on(l *life, p *plan.Process) []action {
	switch {
	case !l.runs || l.state == Stopping:
		return nil
	case r.verdict == verdictHealthy:
		return l.answered(r, p)
	case r.verdict == verdictHung && p.MayStandStill(): // it may be at a breakpoint
		if l.state == Starting {
			l.check, l.checked = r.reason+"; a debugger may hold it", r.cause
		}
		return nil
	case l.state == Starting && r.verdict == verdictForeign && l.failFast:
		return l.end(r.reason, r.cause, p.StopTimeout)
	case l.state == Starting && r.late:
		why := fmt.Sprintf("not healthy within %s: %s", p.Health.StartPeriod, r.reason)
		if l.failFast || p.Health.OnFailure == plan.OnFailureRestart {
			return l.end(why, r.cause, p.StopTimeout)
		}
		l.to(Unhealthy, why)
		l.cause = r.cause
		return nil
	case l.state == Starting: // which is no news yet, but the reason to tell if it stays so
		l.check, l.checked = r.reason, r.cause
		return nil
	}
	l.failed++
	switch {
	case r.verdict != verdictHung && l.failed < p.Health.Retries:
		return nil
	case r.workerless: // it waits for a change, which is no fault of the process
		return nil
	case r.verdict == verdictHung || r.verdict == verdictRefused:
		if p.Health.OnFailure == plan.OnFailureRestart {
			l.restarts++
			l.again = true
			return l.end("restarting: "+r.reason, r.cause, p.StopTimeout)
		}
	}
	l.to(Unhealthy, r.reason)
	l.cause = r.cause
	return nil
}

// answered takes a good answer.
func (l *life) answered(r checkResult, p *plan.Process) []action {
	var do []action
	detail, cause := r.note, Cause{}
	if len(l.leftOut) > 0 {
		cause.Reason = ReloadLoop
		detail = "no reload for " + strings.Join(l.leftOut, ", ") + ", which its own start writes; name that in reload_exclude"
	}
	first := l.state != Healthy || l.looking // of the process, or of a reloader's next worker
	if r.took > p.Health.Timeout && !first {
		cause.Reason = Slow
		detail = fmt.Sprintf("slow: health took %.1f s", r.took.Seconds())
	}
	l.failed = 0
	if l.state == Starting {
		l.failFast = false
		do = append(do, action{doWait, backoffReset})
	}
	if p.Reload && first {
		l.looking = false
		do = append(do, action{do: doAwaitWorker})
	}
	l.to(Healthy, detail)
	l.cause = cause
	return do
}

// on looks for the next worker, whose first answer is waited for as at a start:
// that it is being loaded is no reason to call the process hung.
func (workerEnded) on(l *life, p *plan.Process) []action {
	if !l.runs || l.state == Stopping {
		return nil // it ended with its reloader
	}
	l.looking = true
	return []action{{do: doLook}, {do: doCheckAnew}}
}

// on ends a reload loop: the next child does not watch what is to blame.
func (e reloadsItself) on(l *life, p *plan.Process) []action {
	if !l.runs || l.state == Stopping {
		return nil
	}
	l.restarts++
	l.again = true
	l.leftOut = append(slices.Clone(l.leftOut), e.because...)
	return l.end("restarting: each start writes "+strings.Join(e.because, ", ")+", and is started again by that", Cause{Reason: ReloadLoop}, p.StopTimeout)
}

// on takes a look at the worker of a reloader. One that ended leaves the
// reloader waiting for a change of the sources, and us for it. A worker that
// could not import the application fails a start; later it is the developer's
// to mend. One that a signal ended is nobody's but ours, and is restarted.
func (e workerLooked) on(l *life, p *plan.Process) []action {
	twice := e.dead && l.suspect // once may be a moment between two workers
	l.suspect = e.dead
	if !twice || !l.looking {
		return nil
	}
	l.looking = false
	switch {
	case l.failFast:
		return l.end("its worker ended", Cause{Reason: WorkerEnded}, p.StopTimeout)
	case e.killed:
		l.restarts++
		l.again = true
		return l.end("restarting: its worker was killed", Cause{Reason: WorkerKilled}, p.StopTimeout)
	}
	l.to(Unhealthy, "its worker ended; the next change of a source starts a new one")
	l.cause.Reason = WorkerEnded
	return nil
}

func (l *life) to(s State, detail string) {
	l.state, l.detail, l.hint, l.waitsFor, l.cause = s, detail, "", "", Cause{}
}

// end asks the child to go. A second call can only shorten the time that it has.
func (l *life) end(reason string, why Cause, timeout time.Duration) []action {
	l.looking = false
	if l.state != Stopping {
		l.reason, l.why = reason, why
		l.to(Stopping, reason)
		l.cause = why
	}
	return []action{{doEnd, timeout}}
}

// release gives the socket up of a process that is not to run again.
func (l *life) release() []action {
	if l.wanted {
		return nil // it was halted
	}
	return []action{{do: doCloseSocket}}
}
