package supervise

import (
	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// program is how a process of the plan is run.
func program(dir local.Dir, p plan.Process, s proc.Socket) proc.Command {
	return proc.Command{Exe: p.Exe, Args: p.Args, Dir: p.Dir, Env: p.Env, Log: p.Log, Socket: s, Mark: mark(dir, p)}
}

func mark(dir local.Dir, p plan.Process) proc.Mark { return proc.Mark{Project: dir, Process: p.Name} }
