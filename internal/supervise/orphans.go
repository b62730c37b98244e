package supervise

import (
	"context"
	"errors"
	"fmt"
	"time"

	"muster/internal/proc"
)

// Orphans names the living processes of the project that no supervisor and no
// state on disk knows of.
func (c *Client) Orphans(ctx context.Context) []string {
	var names []string
	for _, id := range proc.Orphans(c.Local, c.known(ctx)) {
		names = append(names, proc.Holder{PID: id.PID, Command: proc.CommandLine(id.PID)}.String())
	}
	return names
}

// EndOrphans ends them.
func (c *Client) EndOrphans(ctx context.Context, timeout time.Duration) error {
	proc.EndOrphans(c.Local, c.known(ctx), timeout)
	if left := c.Orphans(ctx); len(left) > 0 {
		return fmt.Errorf("still running: %v", left)
	}
	return nil
}

// known are the processes that are somebody's: those of the supervisor and,
// where it is gone, those that the next one will adopt.
func (c *Client) known(ctx context.Context) map[int]bool {
	known := map[int]bool{}
	st, err := c.Status(ctx)
	if err != nil && !errors.Is(err, ErrNothingRuns) {
		return known
	}
	known[st.Supervisor.PID] = st.Supervisor.Alive
	for _, p := range st.Processes {
		known[p.PID] = p.PID != 0
	}
	return known
}

// endOrphans ends the processes that ours left outside of their groups. The
// sub-reaper is the parent of them all: mostly the kernel tells at once that
// there is none.
func (s *supervisor) endOrphans(timeout time.Duration) {
	if proc.HasChildren() {
		proc.EndOrphans(s.local, map[int]bool{s.id.PID: true}, timeout)
	}
}
