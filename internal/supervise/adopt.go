package supervise

import (
	"fmt"
	"os"
	"time"

	"muster/internal/proc"
)

// takeOver adopts what lives of what the state on disk says, and ends what lives
// beside that.
func (s *supervisor) takeOver(st savedState, damaged bool) {
	known := map[int]bool{}
	// An orderly stop leaves no trace: without one nothing can be there.
	pidFiles := s.local.PidFiles()
	traces := damaged || len(st.Processes) > 0 || st.Supervisor.PID != 0 || len(pidFiles) > 0
	for _, f := range pidFiles { // those of the living are written again
		os.Remove(f)
	}
	for _, saved := range st.Processes {
		p := newProcess(s, saved.Process)
		s.procs = append(s.procs, p)
		s.follow(p.spec)
		p.life.restarts, p.since = saved.Restarts, saved.Since
		if saved.ID.PID != 0 && p.adopt(saved.ID) {
			known[saved.ID.PID] = true
		}
	}
	if traces {
		if n := proc.EndOrphans(s.local, known, 3*time.Second); n > 0 {
			fmt.Fprintf(s.log, "[WARN] ended %d orphaned processes\n", n)
		}
	}
	for _, p := range s.procs {
		go p.run()
	}
}

// adopt takes over the process that an earlier supervisor had started, and tells
// whether it still runs.
func (p *process) adopt(id proc.Identity) bool {
	c, err := proc.Attach(id, mark(p.sup.local, p.spec))
	if err != nil {
		p.life.detail = "ended while no supervisor ran"
		p.publish()
		return false
	}
	if p.spec.Listen {
		p.socket = c.InheritSocket(p.spec.Port)
	}
	p.tend(c, p.since, true)
	p.step(adopted{})
	return true
}
