package supervise

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// takeOver adopts what lives of what the state on disk says, and ends what lives
// beside that.
func (s *supervisor) takeOver(st savedState, damaged bool) {
	// An orderly stop leaves no trace: without one nothing can be there.
	pidFiles := s.local.PidFiles()
	traces := damaged || len(st.Processes) > 0 || st.Supervisor.PID != 0 || len(pidFiles) > 0
	for _, f := range pidFiles { // those of the living are written again
		os.Remove(f)
	}
	for _, saved := range st.Processes {
		p := newProcess(s, moved(saved.Process, st.of(s.local), s.local))
		s.procs = append(s.procs, p)
		s.follow(p.spec)
		p.life.restarts, p.since, p.logged, p.digest = saved.Restarts, saved.Since, saved.LogFrom, saved.Digest
		if saved.State == Succeeded {
			p.life.to(Succeeded, "")
			p.publish()
		}
		if saved.Process.External && saved.Wanted {
			p.attach()
			p.step(adopted{})
		}
		if saved.ID.PID != 0 {
			p.adopt(saved.ID, st.of(s.local))
		}
	}
	if traces {
		s.endStrays(st.members(s.local), strayGrace)
	}
	for _, p := range s.procs {
		go p.run()
	}
}

// moved is a process of a project whose folder .local has come from one place to
// another: its logs have come along.
func moved(p plan.Process, from, to local.Dir) plan.Process {
	along := func(path string) string {
		if rest, ok := strings.CutPrefix(path, string(from)+"/"); ok {
			return filepath.Join(string(to), rest)
		}
		return path
	}
	p.Log, p.Files = along(p.Log), slices.Clone(p.Files)
	for i := range p.Files {
		p.Files[i].Path = along(p.Files[i].Path)
	}
	return p
}

// adopt takes over the process that an earlier supervisor had started, with the
// mark of where the project was then, if it still runs.
func (p *process) adopt(id proc.Identity, was local.Dir) {
	c, err := proc.Attach(id, program(was, nil, p.spec, proc.NoSocket))
	if err != nil {
		p.life.detail, p.life.cause = "ended while no supervisor ran", Cause{Reason: Gone}
		p.publish()
		return
	}
	if p.spec.Listen {
		p.socket = c.InheritSocket(p.spec.Port)
	}
	p.tend(c, p.since, true)
	p.step(adopted{})
}
