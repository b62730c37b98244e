package supervise

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// changes returns a channel that is closed at the next change of any state or turn.
func (s *supervisor) changes() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// notify wakes all that wait for a change. The caller holds mu.
func (s *supervisor) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// await blocks until ok is true of the snapshots of procs, or ctx ends.
func (s *supervisor) await(ctx context.Context, procs []*process, ok func(snapshot) bool) error {
	return s.awaitAll(ctx, func() bool {
		return !slices.ContainsFunc(procs, func(p *process) bool { return !ok(p.snapshot()) })
	})
}

// awaitAll blocks until ok holds, or ctx ends.
func (s *supervisor) awaitAll(ctx context.Context, ok func() bool) error {
	for {
		changes := s.changes()
		if ok() {
			return nil
		}
		select {
		case <-changes:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// awaitHealthy waits until all are healthy, or one of started has failed, or one
// waits for what is not on its way.
func (s *supervisor) awaitHealthy(ctx context.Context, started, all []*process) error {
	var failed error
	err := s.awaitAll(ctx, func() bool {
		failed = s.startError(slices.DeleteFunc(slices.Clone(all), func(p *process) bool {
			now := p.snapshot()
			return !slices.Contains(started, p) && (now.state != Starting || now.id.PID != 0)
		}))
		return failed != nil || !slices.ContainsFunc(all, func(p *process) bool { return !arrived(p.snapshot()) })
	})
	if err == nil && failed == nil {
		failed = s.startError(all)
	}
	if failed != nil && ctx.Err() != nil { // whoever gave it up said so before anything was stopped
		return context.Cause(ctx)
	}
	return cmp.Or(err, failed)
}

// arrived says that a process is where a start leaves it, well or not.
func arrived(now snapshot) bool {
	return now.stuck || now.state != Starting && now.state != Stopping
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
