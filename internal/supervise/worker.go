package supervise

import (
	"time"

	"muster/internal/proc"
)

// onWorkerEnded looks for the next worker, whose first answer is waited for as
// at a start: that it is being loaded is no reason to call the process hung.
func (p *process) onWorkerEnded() {
	if p.child == nil || p.now.state == Stopping {
		return // it ended with its reloader
	}
	p.startTicker()
	p.endChecks()
	p.startChecks()
}

// lookForWorker looks whether the worker of a reloader has ended, which then
// waits for a change of the sources, and we for it. A worker that could not
// import the application fails a start; later it is the developer's to mend.
// One that a signal ended is nobody's but ours, and is restarted.
func (p *process) lookForWorker() {
	ended, killed := proc.DeadChild(p.child.ID.PID)
	twice := ended && p.workerDead // once may be a moment between two workers
	p.workerDead = ended
	switch {
	case !twice:
	case p.failFast:
		p.stopTicker()
		p.end("its worker ended", p.spec.StopTimeout)
	case killed:
		p.stopTicker()
		p.update(func(s *snapshot) { s.restarts++ })
		p.restarting = true
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
	ended, _ := proc.DeadChild(p.child.ID.PID)
	return ended
}

// awaitWorkerEnd leaves the worker to the kernel until one ends.
func (p *process) awaitWorkerEnd() {
	p.stopTicker()
	pid, ended := p.child.ID.PID, p.workerEnded
	ctx := p.checks
	go func() {
		proc.AwaitChildEnd(ctx, pid)
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
