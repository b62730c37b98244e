package supervise

import (
	"slices"
	"time"

	"muster/internal/proc"
)

// lookForWorker looks whether the worker of a reloader has ended.
func (p *process) lookForWorker() {
	dead, killed := proc.DeadChild(p.child.ID.PID)
	before := p.workers
	p.workers = proc.Children(p.child.ID.PID)
	gone := slices.ContainsFunc(before, func(pid int) bool { return !slices.Contains(p.workers, pid) })
	if gone && p.noteReload() {
		return
	}
	p.step(workerLooked{dead, killed})
	if !p.life.looking {
		p.stopTicker()
	}
}

// noteReload looks why a worker ended, and tells whether it was the server's own
// doing, for which it is restarted.
func (p *process) noteReload() bool {
	if p.child == nil || p.life.state == Stopping {
		return false
	}
	own := p.reloads.ended(p.spec.ReloadDirs, p.life.leftOut)
	if len(own) == 0 {
		return false
	}
	p.step(reloadsItself{folders(own, p.spec.ReloadDirs)})
	return true
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
