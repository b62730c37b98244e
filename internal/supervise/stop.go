package supervise

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// OwnTimeout stands for each process's own time from SIGTERM to SIGKILL.
const OwnTimeout time.Duration = -1

// Stop ends processes in their order: nginx, the servers, core. Those that
// names selects, or all, if empty; all of them are then forgotten. What still
// runs after the timeout is killed. An operation under way that starts
// processes is given up.
func (s *supervisor) Stop(names []string, timeout time.Duration) error {
	chosen, err := s.choose(names)
	if err != nil {
		return err
	}
	defer s.holdOff()()
	err = s.stopInOrder(chosen, timeout)
	s.op.Lock()
	defer s.op.Unlock()
	// What was given up had told them to start meanwhile, or put others in
	// their place.
	chosen, _ = s.choose(names)
	if !idle(chosen) {
		err = s.stopInOrder(chosen, timeout)
	}
	if err != nil {
		return err
	}
	for _, p := range chosen {
		if p.spec.Spare {
			s.endSpares(p.spec.Server)
		}
	}
	chosen, _ = s.choose(names)
	if len(names) == 0 {
		s.endOrphans(timeout)
		s.forget(chosen) // their logs are followed on: the next start may come at once
	}
	return nil
}

// stopInOrder ends processes rank by rank, and names those that do not end.
func (s *supervisor) stopInOrder(procs []*process, timeout time.Duration) error {
	return s.inOrder(procs, stopOrder{timeout}, func(now snapshot) bool {
		return now.wanted || now.id.PID == 0 && (now.state == Stopped || now.state == Failed || now.state == Succeeded)
	})
}

// inOrder gives an order rank by rank, and waits for each rank until done holds
// of it. One that does not end keeps no other waiting.
func (s *supervisor) inOrder(procs []*process, e event, done func(snapshot) bool) (err error) {
	for _, rank := range s.ranked(procs) {
		s.tell(rank, e)
		s.await(s.ctx, rank, func(now snapshot) bool { return now.stuck || done(now) })
		for _, p := range rank {
			if now := p.snapshot(); now.stuck {
				err = errors.Join(err, fmt.Errorf("%s still runs: %s", p.spec.Name, now.detail))
			}
		}
	}
	return err
}

// ranked groups processes by when they end, the first first. The rank that a plan
// gives counts those that depend on a process in that plan: what an earlier one has
// started may do so as well.
func (s *supervisor) ranked(procs []*process) (groups [][]*process) {
	all, ranks := s.processes(), map[string]int{}
	for range all { // a chain is at most as long as there are processes
		for _, p := range all {
			rank := max(ranks[p.spec.Name], int(p.rank.Load()))
			ranks[p.spec.Name] = rank
			for _, d := range slices.Concat(p.spec.DependsOn, p.spec.After) {
				ranks[d] = max(ranks[d], rank+1)
			}
		}
	}
	byRank := map[int][]*process{}
	for _, p := range procs {
		byRank[ranks[p.spec.Name]] = append(byRank[ranks[p.spec.Name]], p)
	}
	for _, rank := range slices.Sorted(maps.Keys(byRank)) {
		groups = append(groups, byRank[rank])
	}
	return groups
}

// drop forgets processes that do not run, and their logs.
func (s *supervisor) drop(procs []*process) {
	s.forget(procs)
	for _, p := range procs {
		s.unfollow(p.spec)
	}
}

func (s *supervisor) forget(procs []*process) {
	for _, p := range procs {
		p.leave()
		<-p.done
	}
	s.mu.Lock()
	s.procs = slices.DeleteFunc(s.procs, func(p *process) bool { return slices.Contains(procs, p) })
	s.mu.Unlock()
	s.markDirty()
}
