package supervise

import (
	"context"
	"fmt"
	"time"
)

// startChecks begins the health checks of the child.
func (p *process) startChecks() {
	p.checks, p.endChecks = context.WithCancel(context.Background())
	go p.runChecks(p.checks)
}

func (p *process) stopChecks() {
	if p.endChecks != nil {
		p.endChecks()
		p.endChecks = nil
	}
	p.stopTicker()
}

// runChecks asks the running child for its health until ctx ends.
func (p *process) runChecks(ctx context.Context) {
	h := p.spec.Health
	report := func(r checkResult) bool {
		select {
		case p.checked <- r:
			return true
		case <-ctx.Done():
			return false
		}
	}
	limit := h.Timeout * time.Duration(h.Retries)
	first := limit
	if p.spec.Listen {
		// A socket that we listen on accepts before the server does: one request
		// waits for the first answer, and there is nothing to poll.
		first = h.StartPeriod
	}
	began, pause := time.Now(), pollFirst
	for {
		r := check(ctx, p.sup.local, p.spec, first)
		if ctx.Err() != nil || !report(r) {
			return
		}
		if r.verdict == verdictHealthy {
			break
		}
		if !sleep(ctx, pause) {
			return
		}
		if pause = pollFast; time.Since(began) > time.Second {
			pause = pollSlow
		}
	}
	pause = checkFirst
	for sleep(ctx, pause) {
		r := check(ctx, p.sup.local, p.spec, limit)
		if ctx.Err() != nil || !report(r) {
			return
		}
		if pause = min(4*pause, h.Interval); r.verdict != verdictHealthy {
			pause = min(checkFirst, h.Interval)
		}
	}
}

// onCheck takes the outcome of a health check.
func (p *process) onCheck(r checkResult) {
	if p.child == nil || p.now.state == Stopping {
		return
	}
	if r.verdict == verdictHealthy {
		p.failedChecks = 0
		first := p.now.state != Healthy || p.ticker != nil // of the process, or of a reloader's next worker
		detail := ""
		if r.took > p.spec.Health.Timeout && !first {
			detail = fmt.Sprintf("slow: health took %.1f s", r.took.Seconds())
		}
		if p.now.state == Starting {
			p.failFast = false
			p.timer.Reset(backoffReset)
		}
		if p.spec.Reload && first {
			p.awaitWorkerEnd()
		}
		p.setState(Healthy, detail)
		return
	}
	if p.now.state == Starting {
		if r.verdict == verdictSick { // the reason to tell if it stays so
			p.update(func(s *snapshot) { s.detail = r.reason })
		}
		return
	}
	p.failedChecks++
	if r.verdict != verdictHung && p.failedChecks < p.spec.Health.Retries {
		return
	}
	switch {
	case p.waitsForChange(): // which is no fault of the process
	case r.verdict == verdictSick: // it lives and says so itself; a restart would hide why
		p.setState(Unhealthy, r.reason)
	default:
		p.setState(Unhealthy, r.reason)
		p.update(func(s *snapshot) { s.restarts++ })
		p.restarting = true
		p.end("restarting: "+r.reason, p.spec.StopTimeout)
	}
}
