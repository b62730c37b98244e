package supervise

import (
	"context"
	"fmt"
	"time"
)

// watchHealth begins the health checks of the child.
func (p *process) watchHealth() {
	p.watching, p.unwatch = context.WithCancel(context.Background())
	go p.checkHealth(p.watching)
}

func (p *process) stopChecks() {
	if p.unwatch != nil {
		p.unwatch()
		p.unwatch = nil
	}
	p.stopTicker()
}

// checkHealth asks the running child for its health until ctx ends.
func (p *process) checkHealth(ctx context.Context) {
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
		p.failures = 0
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
			p.watchWorker()
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
	p.failures++
	if r.verdict != verdictHung && p.failures < p.spec.Health.Retries {
		return
	}
	switch {
	case p.waitsForChange(): // which is no fault of the process
	case r.verdict == verdictSick: // it lives and says so itself; a restart would hide why
		p.setState(Unhealthy, r.reason)
	default:
		p.setState(Unhealthy, r.reason)
		p.update(func(s *snapshot) { s.restarts++ })
		p.again = true
		p.end("restarting: "+r.reason, p.spec.StopTimeout)
	}
}

// onWorkerEnded looks for the next worker, whose first answer is waited for as
// at a start: that it is being loaded is no reason to call the process hung.
func (p *process) onWorkerEnded() {
	if p.child == nil || p.now.state == Stopping {
		return // it ended with its reloader
	}
	p.startTicker()
	p.unwatch()
	p.watchHealth()
}

// lookForWorker looks whether the worker of a reloader has ended, which then
// waits for a change of the sources, and we for it. A worker that could not
// import the application fails a start; later it is the developer's to mend.
// One that a signal ended is nobody's but ours, and is restarted.
func (p *process) lookForWorker() {
	ended, killed := worker(p.child.id.PID)
	twice := ended && p.suspect // once may be a moment between two workers
	p.suspect = ended
	switch {
	case !twice:
	case p.failFast:
		p.stopTicker()
		p.end("its worker ended", p.spec.StopTimeout)
	case killed:
		p.stopTicker()
		p.update(func(s *snapshot) { s.restarts++ })
		p.again = true
		p.end("restarting: its worker was killed", p.spec.StopTimeout)
	default:
		p.stopTicker()
		p.timer.Stop()
		p.setState(Unhealthy, "its worker ended; the next change of a source starts a new one")
	}
}

// waitsForChange tells whether the process is a reloader without a worker.
func (p *process) waitsForChange() bool {
	if !p.spec.Reload {
		return false
	}
	ended, _ := worker(p.child.id.PID)
	return ended
}

// watchWorker leaves the worker to the kernel until one ends.
func (p *process) watchWorker() {
	p.stopTicker()
	pid, ended := p.child.id.PID, p.workerEnded
	ctx := p.watching
	go func() {
		awaitWorker(ctx, pid)
		select {
		case ended <- struct{}{}:
		case <-ctx.Done():
		}
	}()
}

func (p *process) startTicker() {
	if p.ticker == nil {
		p.ticker = time.NewTicker(50 * time.Millisecond)
	}
}

func (p *process) stopTicker() {
	if p.ticker != nil {
		p.ticker.Stop()
		p.ticker = nil
	}
}

// sleep waits, and tells whether it did to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
