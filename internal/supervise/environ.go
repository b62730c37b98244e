package supervise

import (
	"maps"

	"muster/internal/plan"
)

// takeEnviron makes the environment of the shell that a plan comes from the one
// that processes are started with. A process that can stay as it is, or
// of which the plan knows no shell, has the one in which it was started.
func (s *supervisor) takeEnviron(p *plan.Plan) {
	if p == nil {
		return
	}
	if p.Environ != nil {
		env := residentEnv(p.Environ)
		s.environ.Store(&env)
	}
	shareShells(p.Processes)
	shell := func(name string, now map[string]string) map[string]string {
		if old := s.find(name); old != nil && plan.SameShell(old.spec.Shell, now) {
			return old.spec.Shell
		}
		if now != nil {
			return now
		}
		for _, other := range s.processes() { // a new one gets the environment that we have
			if other.spec.Shell != nil {
				return other.spec.Shell
			}
		}
		return nil
	}
	for i := range p.Processes {
		if k := p.Processes[i].Kind; k != plan.Gateway && k != plan.Watcher {
			p.Processes[i].Shell = shell(p.Processes[i].Name, p.Processes[i].Shell)
		}
	}
}

// shareShells lets processes of the same shell have one copy of what it says.
func shareShells(procs []plan.Process) {
	for i := range procs {
		for j := range i {
			if maps.Equal(procs[i].Shell, procs[j].Shell) {
				procs[i].Shell = procs[j].Shell
				break
			}
		}
	}
}

// shell is the environment that processes are started with; nil is our own.
func (s *supervisor) shell() []string {
	if env := s.environ.Load(); env != nil {
		return *env
	}
	return nil
}

// Plan is that of what runs, as far as the disk tells.
func (c *Client) Plan() plan.Plan {
	st, err := loadState(c.Local)
	p := plan.Plan{Config: st.Config}
	if err == nil {
		for _, saved := range st.Processes {
			p.Processes = append(p.Processes, saved.Process)
		}
	}
	return p
}
