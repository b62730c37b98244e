package supervise

import (
	"fmt"
	"os"

	"muster/internal/logs"
	"muster/internal/plan"
	"muster/internal/proc"
)

// openLogs begins to keep the logs. What is wrong with them keeps nobody from
// running, or from ending: it is in log, and among the warnings of the status.
func openLogs(s *supervisor, opts logs.Options) *logs.Unifier {
	opts.Unified, opts.Checkpoint = s.local.Unified(), s.local.Checkpoint()
	opts.Report = func(err error) { fmt.Fprintf(s.log, "[WARN] logs: %v\n", err) }
	opts.Removed = func() bool {
		select {
		case s.filesGone <- struct{}{}:
		default:
		}
		return s.holdsLock()
	}
	return logs.NewUnifier(opts)
}

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

// outputOf is the file that gets what a process prints: its log or, while that
// cannot be written, none.
func (s *supervisor) outputOf(p plan.Process) string {
	f, err := proc.OpenLog(p.Log)
	if err != nil {
		s.unifier.Warn(p.Log, fmt.Errorf("what %s prints is lost until it starts again: %w", p.Name, err))
		return os.DevNull
	}
	f.Close()
	s.unifier.Warn(p.Log, nil)
	return p.Log
}
