package supervise

import (
	"errors"
	"fmt"
	"time"

	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// launch starts the process, with its listening socket if it gets one from us.
func (p *process) launch() {
	if p.spec.Listen && p.socket == proc.NoSocket {
		s, err := proc.Bind(p.spec.Host, p.spec.Port)
		if err != nil {
			if e := checkPort(p.spec); e != nil {
				err = e
			}
			var taken *PortTaken
			if errors.As(err, &taken) && proc.Marked(taken.Holder.PID, p.sup.local) {
				err = fmt.Errorf("port %d is taken by this project's own %s, which runs: stop that first", p.spec.Port, taken.Holder)
			}
			p.giveUp(err.Error())
			return
		}
		p.socket = s
	}
	// Some file systems allow a rotation only while nobody writes.
	for _, f := range p.spec.Logs() {
		if err := p.sup.unifier.Rotate(f.Path); err != nil {
			fmt.Fprintf(p.sup.log, "[WARN] %s: %v\n", p.spec.Name, err)
		}
	}
	c, err := proc.Spawn(program(p.sup.local, p.spec, p.socket))
	if err != nil {
		p.giveUp(err.Error())
		return
	}
	p.update(func(s *snapshot) { s.since, s.adopted = time.Now(), false })
	p.tend(c)
	p.setState(Starting, "")
}

// program is how a process of the plan is run.
func program(dir local.Dir, p plan.Process, s proc.Socket) proc.Command {
	return proc.Command{Exe: p.Exe, Args: p.Args, Dir: p.Dir, Env: p.Env, Log: p.Log, Socket: s, Mark: mark(dir, p)}
}

func mark(dir local.Dir, p plan.Process) proc.Mark { return proc.Mark{Project: dir, Process: p.Name} }
