package supervise

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// launch starts the process, with its listening socket if it gets one from us,
// unless it has to wait for others. Whatever keeps it from starting may be gone
// at the next try.
func (p *process) launch() event {
	p.timer.Stop()
	if p.sup.ending {
		return nil // the next supervisor starts it
	}
	if p.spec.External {
		p.attach()
		return launched{}
	}
	if name := p.blockedBy(); name != "" {
		return blocked{name}
	}
	if p.spec.ConfigFile != "" {
		p.digest = digestOf(p.spec.ConfigFile)
	}
	c, err := p.spawn()
	if err != nil {
		return ended{how: err.Error(), hint: hint.Of(err), cause: CauseOf(err)}
	}
	p.tend(c, time.Now(), false)
	return launched{asks: p.asks()}
}

func (p *process) spawn() (*proc.Child, error) {
	if !p.sup.holdsLock() { // another supervisor may have the place by now
		return nil, fmt.Errorf("%s was removed", p.sup.local.SupervisorLock())
	}
	if err := p.takePort(); err != nil {
		return nil, err
	}
	// Some file systems allow a rotation only while nobody writes.
	for _, f := range p.spec.Logs() {
		if err := p.sup.unifier.Rotate(f.Path); err != nil {
			fmt.Fprintf(p.sup.log, "[WARN] %s: %v\n", p.spec.Name, err)
		}
	}
	spec := p.spec
	if p.asks() {
		exe, err := plan.LookPath(spec.Unless[0], spec.Dir, spec.Env)
		if err != nil {
			return nil, err
		}
		spec.Exe, spec.Args = exe, spec.Unless
	}
	c := program(p.sup.local, p.sup.shell(), spec, p.socket)
	c.Log = p.sup.outputOf(p.spec)
	if len(p.life.leftOut) > 0 {
		c.Env = append(slices.Clone(c.Env), plan.ReloadExcludeEnv+"="+strings.Join(p.life.leftOut, "\n"))
	}
	if info, err := os.Stat(p.spec.Log); err == nil {
		p.logged = info.Size()
	}
	return proc.Spawn(c)
}

// takePort binds the process's port, or looks whether it can.
func (p *process) takePort() (err error) {
	if err := checkDebugger(p.spec); err != nil {
		return err
	}
	switch {
	case p.spec.Port == 0 || p.socket != proc.NoSocket:
		return nil
	case p.spec.Listen:
		p.socket, err = proc.Bind(p.spec.Host, p.spec.Port)
		if err == nil {
			return nil
		}
		if e := checkPort(p.spec); e != nil {
			err = e
		}
	default:
		err = checkPort(p.spec)
	}
	if taken, ok := errors.AsType[*PortTaken](err); ok {
		taken.Own = proc.Marked(taken.Holder.PID, p.sup.local)
	}
	return err
}

// whose names who holds a port, and tells if it is one of ours.
func (s *supervisor) whose(h proc.Holder) string {
	if proc.Marked(h.PID, s.local) {
		return "this project's own " + h.String()
	}
	return h.String()
}

// program is how a process of the plan is run, in the environment of a shell.
func program(dir local.Dir, shell []string, p plan.Process, s proc.Socket) proc.Command {
	return proc.Command{Exe: p.Exe, Args: p.Args, Dir: p.Dir, Base: shell, Env: p.Env, Log: p.Log, Socket: s, Port: p.Port,
		Mark: proc.Mark{Project: dir, Process: p.Name}, Grace: p.StopTimeout,
		Stop: proc.SignalOf(p.StopSignal), Mixed: p.KillMixed, Stdin: p.StdinOpen}
}
