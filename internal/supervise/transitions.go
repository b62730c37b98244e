package supervise

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/internal/plan"
)

// What follows from each event, as docs/architecture.md draws it.

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
