package supervise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"muster/internal/hint"
	"muster/internal/plan"
	"muster/internal/proc"
)

// CheckPorts reports every port of a plan that somebody else holds.
func (c *Client) CheckPorts(p plan.Plan) error {
	if _, err := c.ask(context.Background(), request{Op: opStatus}); err == nil {
		return nil // a supervisor lives; it knows whose ports are its own
	}
	return c.checkPorts(p, nil)
}

// Uses tells whether a process of the project that runs, or is to, has such a port.
func (c *Client) Uses(ctx context.Context, such func(port int) bool) bool {
	if rep, err := c.ask(ctx, request{Op: opStatus}); err == nil && rep.Status != nil {
		return slices.ContainsFunc(rep.Status.Processes, func(p ProcessStatus) bool { return such(p.Port) })
	}
	st, _ := loadState(c.Local)
	return slices.ContainsFunc(st.Processes, func(p savedProcess) bool { return p.ID.Alive() && such(p.Process.Port) })
}

// CheckPort reports a port that somebody else holds.
func (c *Client) CheckPort(process string, port int) error {
	err := checkPort(plan.Process{Name: process, Host: "localhost", Port: port})
	if err == nil || c.isOurs(err) {
		return nil
	}
	return err
}

// checkPorts reports every port that somebody else holds, before anything is
// started. Ports of processes that will be adopted are theirs.
func (c *Client) checkPorts(p plan.Plan, names []string) error {
	saved, err := loadState(c.Local)
	if err != nil {
		return nil // the supervisor says so; it then ends what the state would have told of
	}
	alive := map[string]bool{}
	for _, sp := range saved.Processes {
		alive[sp.Process.Name] = sp.ID.Alive()
	}
	var taken []error
	for _, spec := range p.Processes {
		chosen := len(names) == 0 || slices.Contains(names, spec.Name) || slices.Contains(names, spec.Server)
		if spec.Port == 0 || spec.External || alive[spec.Name] || !chosen {
			continue
		}
		for _, err := range []error{checkPort(spec), checkDebugger(spec)} {
			if err != nil && !c.isOurs(err) {
				taken = append(taken, err)
			}
		}
	}
	if len(taken) == 0 {
		return nil
	}
	return &PortsTaken{taken}
}

// isOurs tells whether a port is held by an orphan of this project, which the
// next supervisor ends before it starts anything.
func (c *Client) isOurs(err error) bool {
	var taken *PortTaken
	return errors.As(err, &taken) && c.isStray(taken.Holder.PID)
}

// checkPort tells whether a process's port can be listened on, and who is in the
// way.
func checkPort(spec plan.Process) error {
	err := proc.TryPort(spec.Host, spec.Port)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return &PortTaken{Process: spec.Name, Port: spec.Port, Holder: proc.PortHolder(spec.Port)}
	}
	return fmt.Errorf("port %d of %s: %w", spec.Port, spec.Name, err)
}

// checkDebugger is checkPort for the port of a process's debugger.
func checkDebugger(spec plan.Process) error {
	if spec.Debug == 0 {
		return nil
	}
	spec.Name, spec.Host, spec.Port = "the debugger of "+spec.Name, "127.0.0.1", spec.Debug
	return checkPort(spec)
}

// PortTaken is a port that a process needs and that somebody else holds.
type PortTaken struct {
	Process string
	Port    int
	Holder  proc.Holder
	Own     bool // the holder is of this project
}

func (e *PortTaken) Error() string {
	own := ""
	if e.Own {
		own = "this project's own "
	}
	return fmt.Sprintf("port %d of %s is taken by %s%s", e.Port, e.Process, own, e.Holder)
}

// Hint says what to do about it.
func (e *PortTaken) Hint() string {
	if e.Own {
		return "backend:reload brings all that runs in line with the configuration"
	}
	if e.Holder.PID == 0 {
		return fmt.Sprintf("give %s another port in the configuration, or see who has it: sudo ss -ltnp 'sport = :%d'", e.Process, e.Port)
	}
	return fmt.Sprintf("end it (kill %d), or give %s another port in the configuration", e.Holder.PID, e.Process)
}

// PortsTaken lists every port that a start needs and cannot have.
type PortsTaken struct{ Errors []error }

func (e *PortsTaken) Error() string { return errors.Join(e.Errors...).Error() }

// Unwrap gives the single errors.
func (e *PortsTaken) Unwrap() []error { return e.Errors }

// Hint is what to do about the first of them.
func (e *PortsTaken) Hint() string {
	if next := hint.Of(e.Errors[0]); next != "" {
		return "nothing was started; " + next
	}
	return "nothing was started"
}
