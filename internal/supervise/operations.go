package supervise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"muster/internal/plan"
	"muster/internal/proc"
)

// ErrNothingRuns says that there is nothing to act on.
var ErrNothingRuns = errors.New("nothing runs")

// errRunning says that all that was asked for runs already.
var errRunning = errors.New("already running")

// Start starts what of the plan does not run, or what names selects of it (all,
// if empty). With wait it returns once all of that is healthy; when something
// fails or ctx ends before, it stops what it started. It returns errRunning
// when there was nothing to do.
func (s *supervisor) Start(ctx context.Context, p plan.Plan, names []string, wait bool) error {
	ctx, end, err := s.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer end()
	s.clearFlags()
	s.drop(slices.DeleteFunc(s.named(s.removed(p)), running)) // a start of all is not one of those
	s.merge(p)
	chosen, err := s.choose(names)
	if err != nil {
		return err
	}
	var started, done []*process
	for _, p := range chosen {
		if p.snapshot().state == Succeeded {
			done = append(done, p)
			continue
		}
		if now := p.snapshot(); !now.wanted || now.state == Stopped || now.state == Failed || now.state == Backoff {
			started = append(started, p)
		}
	}
	if len(started) == 0 && (len(done) == 0 || len(done) < len(chosen)) {
		if wait {
			if err := s.awaitHealthy(ctx, nil, chosen); err != nil {
				return err
			}
		}
		return errRunning
	}
	// Tasks are run at every start of something, and who depends on one waits for that.
	for _, rank := range slices.Backward(s.ranked(done)) {
		s.tell(rank, startOrder{failFast: wait})
	}
	s.tell(started, startOrder{failFast: wait})
	started = append(done, started...)
	if !wait {
		return nil
	}
	// What ran before counts too: a start ends with everything healthy.
	err = s.awaitHealthy(ctx, started, chosen)
	if err != nil {
		err = errors.Join(err, s.stopInOrder(started, OwnTimeout))
	}
	return err
}

// Restart ends processes and starts them again; it returns once all are healthy.
// Each starts as soon as it has ended, all at once, but for those that depend on
// one another: they end in order, and start when all of them have ended. A
// process that hands its listening socket on refuses no connection meanwhile.
func (s *supervisor) Restart(ctx context.Context, names []string, timeout time.Duration) error {
	ctx, end, err := s.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer end()
	if len(s.processes()) == 0 {
		return ErrNothingRuns
	}
	chosen, err := s.choose(names)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		for _, p := range chosen {
			if p.spec.External {
				return fmt.Errorf("%s is external, and not ours to restart: restart it where it was started", p.spec.Name)
			}
		}
	}
	chosen = slices.DeleteFunc(s.withFollowers(chosen), func(p *process) bool { return p.spec.External })
	related, single := s.related(chosen)
	s.tell(single, restartOrder{timeout})
	err = s.inOrder(related, haltOrder{timeout}, func(now snapshot) bool { return now.id.PID == 0 && now.state == Stopped })
	if err != nil {
		return err
	}
	s.tell(related, startOrder{})
	return s.awaitHealthy(ctx, chosen, chosen)
}

// withFollowers adds those that are to be restarted with one of the processes.
func (s *supervisor) withFollowers(procs []*process) []*process {
	for i := 0; i < len(procs); i++ {
		for _, p := range s.processes() {
			if slices.Contains(p.spec.RestartWith, procs[i].spec.Name) && !slices.Contains(procs, p) {
				procs = append(procs, p)
			}
		}
	}
	return procs
}

// Signal sends a signal to one process: nginx rereads its configuration at
// SIGHUP.
func (s *supervisor) Signal(name string, sig syscall.Signal) error {
	p := s.find(name)
	if p == nil {
		return s.unknown(name)
	}
	now := p.snapshot()
	err := now.id.Signal(sig)
	if errors.Is(err, proc.ErrGone) {
		return fmt.Errorf("%s does not run", name)
	}
	return err
}

// merge adds the plan's processes that there are not yet, and gives those that
// do not run their new form.
func (s *supervisor) merge(next plan.Plan) {
	s.mu.Lock()
	s.config = next.Config
	s.mu.Unlock()
	for _, spec := range next.Processes {
		old := s.find(spec.Name)
		if old != nil && (running(old) || same(old.spec, spec)) {
			old.rank.Store(int64(spec.StopRank))
			continue
		}
		p := newProcess(s, spec)
		if old != nil {
			old.leave()
			<-old.done
			s.unfollow(old.spec)
		}
		s.follow(spec)
		s.mu.Lock()
		if i := slices.Index(s.procs, old); i >= 0 { // in one step: who waits for it would take it for gone
			s.procs[i] = p
		} else {
			s.procs = append(s.procs, p)
		}
		s.mu.Unlock()
		go p.run()
	}
	s.markDirty()
}

// related tells the processes that depend on one another from those that do not.
func (s *supervisor) related(procs []*process) (related, single []*process) {
	in := map[string]bool{}
	for _, p := range procs {
		for _, d := range slices.Concat(p.spec.DependsOn, p.spec.After) {
			if slices.ContainsFunc(procs, func(o *process) bool { return o.spec.Name == d }) {
				in[p.spec.Name], in[d] = true, true
			}
		}
	}
	for _, p := range procs {
		if in[p.spec.Name] {
			related = append(related, p)
		} else {
			single = append(single, p)
		}
	}
	return related, single
}

// tell gives an order to processes and returns when each has taken it, so
// that their states speak of it.
func (s *supervisor) tell(procs []*process, e event) {
	var taken sync.WaitGroup
	o := order{e, taken.Done}
	for _, p := range procs {
		taken.Add(1)
		select {
		case p.in <- o:
		case <-p.done:
			taken.Done()
		}
	}
	taken.Wait()
}
