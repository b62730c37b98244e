package supervise

import (
	"context"
	"reflect"
	"slices"

	"muster/internal/plan"
)

// Changes is what a new plan means for what runs.
type Changes struct {
	Added     []string `json:"added,omitempty"`
	Removed   []string `json:"removed,omitempty"`
	Restarted []string `json:"restarted,omitempty"`
	Unchanged []string `json:"unchanged,omitempty"`
	Reread    []string `json:"reread,omitempty"` // they read their changed configuration, and run on
}

// Reload brings what runs in line with a new plan: it stops what is not in it
// any more, restarts what differs and those that are to be restarted with it,
// starts what is new, and leaves the rest alone. What does not come up is tried
// again, as after a crash.
func (s *supervisor) Reload(ctx context.Context, next plan.Plan) (Changes, error) {
	ctx, end, err := s.takeTurn(ctx)
	if err != nil {
		return Changes{}, err
	}
	defer end()
	if len(s.processes()) == 0 {
		return Changes{}, ErrNothingRuns
	}
	ch := s.compare(next)
	s.clearFlags()
	for _, p := range s.processes() {
		if p.spec.Spare { // of a rolling restart that did not come to its end
			s.turnBack(p.spec.Server)
		}
	}
	gone := s.named(append(slices.Clone(ch.Removed), ch.Restarted...))
	if err := s.stopInOrder(gone, OwnTimeout); err != nil {
		return Changes{}, err
	}
	s.drop(s.named(ch.Removed))
	s.merge(next)
	started := s.named(append(slices.Clone(ch.Added), ch.Restarted...))
	s.tell(started, startOrder{})
	return ch, s.awaitHealthy(ctx, started, started)
}

func (s *supervisor) compare(next plan.Plan) Changes {
	var ch Changes
	for _, p := range next.Processes {
		switch old := s.find(p.Name); {
		case old == nil:
			ch.Added = append(ch.Added, p.Name)
		case same(old.spec, p):
			ch.Unchanged = append(ch.Unchanged, p.Name)
		default:
			ch.Restarted = append(ch.Restarted, p.Name)
		}
	}
	for _, p := range s.withFollowers(s.named(ch.Restarted)) {
		if i := slices.Index(ch.Unchanged, p.spec.Name); i >= 0 && running(p) {
			ch.Unchanged, ch.Restarted = slices.Delete(ch.Unchanged, i, i+1), append(ch.Restarted, p.spec.Name)
		}
	}
	ch.Removed = s.removed(next)
	return ch
}

// same tells whether a process has the same form in two plans. That others have come
// to depend on it changes its rank, and nothing of itself.
func same(a, b plan.Process) bool {
	a.StopRank = b.StopRank
	return reflect.DeepEqual(a, b)
}

// removed names the processes that a plan has not any more.
func (s *supervisor) removed(next plan.Plan) (names []string) {
	// A plan of the backend alone says nothing of the page and the watchers.
	beside := func(k plan.Kind) bool { return k == plan.Frontend || k == plan.Watcher }
	whole := slices.ContainsFunc(next.Processes, func(p plan.Process) bool { return beside(p.Kind) })
	for _, p := range s.processes() {
		there := slices.ContainsFunc(next.Processes, func(n plan.Process) bool { return n.Name == p.spec.Name })
		if !there && (whole || !beside(p.spec.Kind)) {
			names = append(names, p.spec.Name)
		}
	}
	return names
}
