package supervise

import (
	"time"

	"muster/internal/proc"
)

// lookForWorker looks whether the worker of a reloader has ended.
func (p *process) lookForWorker() {
	dead, killed := proc.DeadChild(p.child.ID.PID)
	p.step(workerLooked{dead, killed})
	if !p.life.looking {
		p.stopTicker()
	}
}

// waitsForChange tells whether the process is a reloader without a worker.
func (p *process) waitsForChange() bool {
	if !p.spec.Reload || p.child == nil {
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
