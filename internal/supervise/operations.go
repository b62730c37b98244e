package supervise

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"muster/internal/plan"
)

// errRunning says that all that was asked for runs already.
var errRunning = errors.New("already running")

// Start starts what of the plan does not run, or what names selects of it (all,
// if empty). With wait it returns once all of that is healthy; when something
// fails or ctx ends before, it stops what it started. It returns errRunning
// when there was nothing to do.
func (s *Supervisor) Start(ctx context.Context, p plan.Plan, names []string, wait bool) error {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	s.merge(p)
	chosen, err := s.choose(names)
	if err != nil {
		return err
	}
	var started []*process
	for _, p := range chosen {
		if now := p.snapshot(); !now.wanted || now.state == Stopped || now.state == Failed || now.state == Backoff {
			started = append(started, p)
		}
	}
	if len(started) == 0 {
		if wait {
			if err := s.await(ctx, chosen, settled); err != nil {
				return err
			}
			if err := s.failures(chosen); err != nil {
				return err
			}
		}
		return errRunning
	}
	s.tell(started, command{verb: verbStart, failFast: wait})
	if !wait {
		return nil
	}
	// What ran before counts too: a start ends with everything healthy.
	err = s.awaitHealthy(ctx, started, chosen)
	if err != nil {
		s.stopInOrder(started, stopTimeout)
	}
	return err
}

const stopTimeout = 3 * time.Second

// awaitHealthy waits until all are healthy, or one of started has failed.
func (s *Supervisor) awaitHealthy(ctx context.Context, started, all []*process) error {
	var failed error
	err := s.awaitAll(ctx, func() bool {
		failed = s.failures(started)
		return failed != nil || !slices.ContainsFunc(all, func(p *process) bool { return !settled(p.snapshot()) })
	})
	if err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return s.failures(all)
}

// settled says that a process is where a start leaves it, well or not.
func settled(now snapshot) bool {
	switch now.state {
	case Healthy, Unhealthy, Failed, Stopped, Backoff:
		return true
	}
	return false
}

// Stop ends processes in their order: nginx, the servers, core. Those that
// names selects, or all, if empty; all of them are then forgotten. What still
// runs after the timeout is killed. An operation under way that starts
// processes is given up.
func (s *Supervisor) Stop(names []string, timeout time.Duration) error {
	chosen, err := s.choose(names)
	if err != nil {
		return err
	}
	defer s.holdOff()()
	s.stopInOrder(chosen, timeout)
	s.op.Lock()
	defer s.op.Unlock()
	// What was given up had told them to start meanwhile, or put others in
	// their place.
	chosen, _ = s.choose(names)
	if !idle(chosen) {
		s.stopInOrder(chosen, timeout)
	}
	if len(names) == 0 {
		s.endStrays(timeout)
		s.forget(chosen) // their logs are followed on: the next start may come at once
	}
	return nil
}

// stopInOrder ends processes rank by rank.
func (s *Supervisor) stopInOrder(procs []*process, timeout time.Duration) {
	byRank := map[int][]*process{}
	var ranks []int
	for _, p := range procs {
		r := p.spec.StopRank
		if byRank[r] == nil {
			ranks = append(ranks, r)
		}
		byRank[r] = append(byRank[r], p)
	}
	slices.Sort(ranks)
	for _, r := range ranks {
		s.tell(byRank[r], command{verb: verbStop, timeout: timeout})
		s.await(s.ctx, byRank[r], func(now snapshot) bool {
			return now.wanted || now.id.PID == 0 && (now.state == Stopped || now.state == Failed)
		})
	}
}

// endStrays ends what our processes left outside of their groups. As the
// sub-reaper we are its parent, so the kernel tells at no cost that there is
// none.
func (s *Supervisor) endStrays(timeout time.Duration) {
	if hasChildren() {
		endOrphans(s.local, map[int]bool{s.id.PID: true}, timeout)
	}
}

// Restart ends processes, all at once, and starts each again as soon as it has
// ended; it returns once all are healthy. A process that hands its listening
// socket on refuses no connection meanwhile.
func (s *Supervisor) Restart(ctx context.Context, names []string, timeout time.Duration) error {
	ctx, end, err := s.begin(ctx)
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
	s.tell(chosen, command{verb: verbRestart, timeout: timeout})
	return s.awaitHealthy(ctx, chosen, chosen)
}

// awaitAll blocks until ok holds, or ctx ends.
func (s *Supervisor) awaitAll(ctx context.Context, ok func() bool) error {
	for {
		changes := s.changes()
		if ok() {
			return nil
		}
		select {
		case <-changes:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Changes is what a new plan means for what runs.
type Changes struct {
	Added     []string `json:"added,omitempty"`
	Removed   []string `json:"removed,omitempty"`
	Restarted []string `json:"restarted,omitempty"`
	Unchanged []string `json:"unchanged,omitempty"`
}

// Reload brings what runs in line with a new plan: it stops what is not in it
// any more, restarts what differs, starts what is new, and leaves the rest
// alone. What does not come up is tried again, as after a crash.
func (s *Supervisor) Reload(ctx context.Context, next plan.Plan) (Changes, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return Changes{}, err
	}
	defer end()
	if len(s.processes()) == 0 {
		return Changes{}, ErrNothingRuns
	}
	ch := s.compare(next)
	gone := s.named(append(slices.Clone(ch.Removed), ch.Restarted...))
	s.stopInOrder(gone, stopTimeout)
	s.drop(gone)
	s.merge(next)
	started := s.named(append(slices.Clone(ch.Added), ch.Restarted...))
	s.tell(started, command{verb: verbStart})
	return ch, s.awaitHealthy(ctx, started, started)
}

func (s *Supervisor) compare(next plan.Plan) Changes {
	var ch Changes
	running := map[string]plan.Process{}
	for _, p := range s.processes() {
		running[p.spec.Name] = p.spec
	}
	for _, p := range next.Processes {
		old, ok := running[p.Name]
		switch {
		case !ok:
			ch.Added = append(ch.Added, p.Name)
		case reflect.DeepEqual(old, p):
			ch.Unchanged = append(ch.Unchanged, p.Name)
		default:
			ch.Restarted = append(ch.Restarted, p.Name)
		}
		delete(running, p.Name)
	}
	// A plan of the backend alone says nothing of the page and the watchers.
	beside := func(k plan.Kind) bool { return k == plan.Frontend || k == plan.Watcher }
	whole := slices.ContainsFunc(next.Processes, func(p plan.Process) bool { return beside(p.Kind) })
	for _, p := range s.processes() {
		if _, ok := running[p.spec.Name]; ok && (whole || !beside(p.spec.Kind)) {
			ch.Removed = append(ch.Removed, p.spec.Name)
		}
	}
	return ch
}

// Signal sends a signal to one process: nginx rereads its configuration at
// SIGHUP.
func (s *Supervisor) Signal(name string, sig syscall.Signal) error {
	p := s.find(name)
	if p == nil {
		return s.unknown(name)
	}
	now := p.snapshot()
	if now.id.PID == 0 || !now.id.Alive() {
		return fmt.Errorf("%s does not run", name)
	}
	return syscall.Kill(now.id.PID, sig)
}

// merge adds the plan's processes that there are not yet, and gives those that
// do not run their new form.
func (s *Supervisor) merge(next plan.Plan) {
	s.mu.Lock()
	s.config = next.Config
	s.mu.Unlock()
	for _, spec := range next.Processes {
		old := s.find(spec.Name)
		if old != nil {
			now := old.snapshot()
			if now.wanted || now.id.PID != 0 || reflect.DeepEqual(old.spec, spec) {
				continue
			}
			s.drop([]*process{old})
		}
		p := newProcess(s, spec)
		s.follow(spec)
		s.mu.Lock()
		s.procs = append(s.procs, p)
		s.mu.Unlock()
		go p.run()
	}
	s.markDirty()
}

// drop forgets processes that do not run, and their logs.
func (s *Supervisor) drop(procs []*process) {
	s.forget(procs)
	for _, p := range procs {
		s.unfollow(p.spec)
	}
}

func (s *Supervisor) forget(procs []*process) {
	for _, p := range procs {
		p.leave()
		<-p.done
	}
	s.mu.Lock()
	s.procs = slices.DeleteFunc(s.procs, func(p *process) bool { return slices.Contains(procs, p) })
	s.mu.Unlock()
	s.markDirty()
}

// tell gives a command to processes and returns when each has taken it, so
// that their states speak of it.
func (s *Supervisor) tell(procs []*process, c command) {
	var taken sync.WaitGroup
	c.taken = taken.Done
	for _, p := range procs {
		taken.Add(1)
		select {
		case p.in <- c:
		case <-p.done:
			taken.Done()
		}
	}
	taken.Wait()
}

// choose finds processes by their own name or their server's. No names mean
// all of them.
func (s *Supervisor) choose(names []string) ([]*process, error) {
	all := s.processes()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []*process
	for _, n := range names {
		found := false
		for _, p := range all {
			if p.spec.Name == n || p.spec.Server == n {
				found = true
				if !slices.Contains(chosen, p) {
					chosen = append(chosen, p)
				}
			}
		}
		if !found {
			return nil, s.unknown(n)
		}
	}
	return chosen, nil
}

func (s *Supervisor) named(names []string) []*process {
	var procs []*process
	for _, p := range s.processes() {
		if slices.Contains(names, p.spec.Name) {
			procs = append(procs, p)
		}
	}
	return procs
}

func (s *Supervisor) unknown(name string) error {
	var known []string
	for _, p := range s.processes() {
		known = append(known, p.spec.Name)
	}
	if len(known) == 0 {
		return fmt.Errorf("no process %q: nothing runs", name)
	}
	return fmt.Errorf("no process or server %q; there are %s", name, strings.Join(known, ", "))
}
