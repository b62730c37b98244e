package supervise

// taskEnded takes the end of a task, or of the command that tells whether it is to
// be run. One that another supervisor had started is run again if nobody knows.
func (l *life) taskEnded(e ended, how string, cause Cause) []action {
	switch {
	case how != e.how: // it took too long
		l.to(Failed, how)
	case e.unknown, l.asks && !e.ok:
		l.asked = l.asks
		return []action{{do: doLaunch}}
	case l.asks:
		l.to(Succeeded, "not run, since its unless succeeds")
	case e.ok:
		l.to(Succeeded, "")
	default:
		l.to(Failed, how)
	}
	if l.wanted, l.asked = false, false; l.state == Failed {
		l.cause = cause
	}
	return nil
}

// asks tells whether the next child is the one that tells whether a task is to be
// run.
func (p *process) asks() bool { return len(p.spec.Unless) > 0 && !p.life.asked }
