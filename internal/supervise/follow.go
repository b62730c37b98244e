package supervise

import (
	"fmt"

	"muster/internal/logs"
	"muster/internal/plan"
)

// follow makes a process's logs part of the unified one.
func (s *supervisor) follow(p plan.Process) {
	for _, f := range p.Logs() {
		s.followLog(logs.Source{Name: p.Name, Path: f.Path, RotateOnly: !f.Unified})
	}
}

// unfollow is for a process that has left the plan.
func (s *supervisor) unfollow(p plan.Process) {
	for _, f := range p.Logs() {
		if err := s.unifier.Remove(f.Path); err != nil {
			fmt.Fprintf(s.log, "[WARN] unified log: %v\n", err)
		}
	}
}

// followLog follows one log. That it can't is no reason not to run the process.
func (s *supervisor) followLog(src logs.Source) {
	if err := s.unifier.Add(src); err != nil {
		fmt.Fprintf(s.log, "[WARN] unified log: %v\n", err)
	}
}
