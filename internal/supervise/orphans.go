package supervise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"muster/internal/hint"
	"muster/internal/proc"
)

// strayGrace is the time from SIGTERM to SIGKILL of a stray that comes from no
// process that we know.
const strayGrace = 3 * time.Second

// Orphans names the living processes of the project that no supervisor and no
// state on disk knows of: ours, and others, which came from ours or write to our
// logs but not both.
func (c *Client) Orphans() (ours, others []string) {
	mine, foreign := proc.Strays(c.Local, c.members)
	supervisors, _ := proc.Unlocked(c.Local)
	return describeAll(append(supervisors, mine...)), describeAll(foreign)
}

func describeAll(ids []proc.Identity) []string {
	var names []string
	for _, id := range ids {
		names = append(names, id.Describe())
	}
	return names
}

// EndOrphans ends those that are ours, with SIGKILL for what outlives the stop
// timeout of the process that it came from.
func (c *Client) EndOrphans(ctx context.Context) error {
	if _, err := c.endUnlocked(ctx); err != nil {
		return err
	}
	proc.EndStrays(c.Local, c.members, strayGrace)
	if left, _ := c.Orphans(); len(left) > 0 {
		return fmt.Errorf("still running: %v", left)
	}
	return nil
}

// members are the processes that are somebody's: those of the supervisor and,
// where it is gone, those that the next one will adopt.
func (c *Client) members() []proc.Member {
	st, _ := loadState(c.Local) // nothing of a damaged one is believed
	rep, err := c.ask(context.Background(), request{Op: opStatus})
	if err != nil || rep.Status == nil {
		return st.members(c.Local)
	}
	var members []proc.Member
	for _, p := range rep.Status.Processes {
		id, _ := proc.Identify(p.PID)
		m := proc.Member{Mark: proc.Mark{Project: c.Local, Process: p.Name}, ID: id, Port: p.Port, Grace: strayGrace}
		if i := slices.IndexFunc(st.Processes, func(s savedProcess) bool { return s.Process.Name == p.Name }); i >= 0 {
			m.Grace = st.Processes[i].Process.StopTimeout
		}
		members = append(members, m)
	}
	return members
}

// isStray tells whether a process is one that the next supervisor ends before it
// starts anything.
func (c *Client) isStray(pid int) bool {
	ours, _ := proc.Strays(c.Local, c.members)
	return slices.ContainsFunc(ours, func(id proc.Identity) bool { return id.PID == pid })
}

// endUnlocked ends what runs of a folder .local that was removed, and tells whether
// there was any: its supervisor, with all that this runs and in order, which it waits
// for. It would do so by itself, but not before it has noticed. If that was killed,
// what it has left: no file speaks of it any more.
func (c *Client) endUnlocked(ctx context.Context) (found bool, err error) {
	supervisors, marked := proc.Unlocked(c.Local)
	for _, id := range supervisors {
		if err := endSupervisor(ctx, id); err != nil {
			return true, err
		}
	}
	if !marked || !c.traceless() {
		return len(supervisors) > 0, nil
	}
	ended, _ := proc.EndStrays(c.Local, c.members, strayGrace)
	return ended+len(supervisors) > 0, nil
}

// traceless tells that no file speaks of anything that runs, as after an orderly stop.
func (c *Client) traceless() bool {
	st, err := loadState(c.Local)
	return err == nil && len(st.Processes) == 0 && st.Supervisor.PID == 0 && len(c.Local.PidFiles()) == 0
}

func endSupervisor(ctx context.Context, id proc.Identity) error {
	s, err := proc.Attach(id, proc.Command{})
	if err != nil {
		return nil // it has gone
	}
	if err := id.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, proc.ErrGone) {
		return fmt.Errorf("end the supervisor of a .local that was removed (pid %d): %w", id.PID, err)
	}
	gone := make(chan struct{})
	go func() { s.Wait(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(unlockedLimit):
		return hint.With(fmt.Errorf("the supervisor of a .local that was removed (pid %d) has not ended its processes within %s", id.PID, unlockedLimit),
			fmt.Sprintf("kill -KILL %d, then dev:kill", id.PID))
	}
}

// unlockedLimit is longer than what is ended in order mostly takes.
const unlockedLimit = time.Minute

// nothingRuns is ErrNothingRuns, unless something runs without the project's
// files: that is ended.
func (c *Client) nothingRuns(ctx context.Context) error {
	if found, err := c.endUnlocked(ctx); found || err != nil {
		return err
	}
	return ErrNothingRuns
}

// endOrphans ends the processes that ours left outside of their groups. The
// sub-reaper is the parent of them all: mostly the kernel tells at once that
// there is none.
func (s *supervisor) endOrphans(timeout time.Duration) {
	if !proc.HasChildren() {
		return
	}
	var members []proc.Member
	for _, p := range s.processes() {
		members = append(members, proc.Member{Mark: proc.Mark{Project: s.local, Process: p.spec.Name}, Port: p.spec.Port, Grace: p.graceOf(timeout)})
	}
	if timeout == OwnTimeout {
		timeout = strayGrace
	}
	s.endStrays(members, timeout)
}

func (s *supervisor) endStrays(members []proc.Member, grace time.Duration) {
	ended, others := proc.EndStrays(s.local, func() []proc.Member { return members }, grace)
	if ended > 0 {
		fmt.Fprintf(s.log, "[WARN] ended %d orphaned processes\n", ended)
	}
	for _, id := range others {
		s.leaveAlone(id)
	}
}

// leaveAlone names, once, a process that has to do with ours and is not to be
// ended.
func (s *supervisor) leaveAlone(id proc.Identity) {
	if _, named := s.alone.LoadOrStore(id, true); !named && id.Alive() {
		fmt.Fprintf(s.log, "[WARN] left alone: %s; it came from this project or writes to its logs, but is not known to be ours. To end it: kill %d\n",
			id.Describe(), id.PID)
	}
}
