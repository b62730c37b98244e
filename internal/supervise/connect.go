package supervise

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// connectOrLaunch reaches the living supervisor, or starts one.
func (c *Client) connectOrLaunch(ctx context.Context, p plan.Plan, names []string) (*net.UnixConn, error) {
	for {
		conn, lock, err := c.connectOrLock(ctx)
		if lock == nil {
			return conn, err
		}
		if _, err = c.endUnlocked(ctx); err == nil {
			err = c.checkPorts(p, names)
		}
		if err == nil {
			err = launchSupervisor(c.Local, lock, c.Exe, c.Logs, c.Claims)
		}
		lock.Close()
		if err != nil {
			return nil, err
		}
	}
}

// connectOrLock reaches the living supervisor or, where there is none, takes its
// lock.
func (c *Client) connectOrLock(ctx context.Context) (*net.UnixConn, *os.File, error) {
	for end := time.Now().Add(cmp.Or(c.patience, answerPatience)); ; {
		if conn, err := dialSocket(c.Local); err == nil {
			return conn, nil, nil
		}
		if err := proc.Supervises(); err != nil {
			return nil, nil, err
		}
		lock, err := local.Lock(c.Local.SupervisorLock())
		if !errors.Is(err, local.ErrLocked) {
			return nil, lock, err
		}
		// Another command is about to start a supervisor, or one is about
		// to end. Either is a matter of moments.
		if time.Now().After(end) {
			return nil, nil, c.unreachable()
		}
		if !sleep(ctx, 5*time.Millisecond) {
			return nil, nil, ctx.Err()
		}
	}
}

// answerPatience is how long a supervisor may take to say that it has heard.
const answerPatience = 10 * time.Second

// unreachableError is a supervisor that cannot be asked.
type unreachableError struct {
	dir local.Dir
	id  proc.Identity // zero: not known
}

func (c *Client) unreachable() error {
	st, _ := loadState(c.Local)
	return &unreachableError{c.Local, st.Supervisor}
}

func (e *unreachableError) Error() string {
	if !e.id.Alive() {
		return fmt.Sprintf("another process holds %s, and listens on no socket", e.dir.SupervisorLock())
	}
	return fmt.Sprintf("the supervisor (pid %d) does not listen on %s any more", e.id.PID, e.dir.Socket())
}

// Hint tells how to end it.
func (e *unreachableError) Hint() string {
	if !e.id.Alive() {
		return "see which it is: fuser -v " + e.dir.SupervisorLock()
	}
	return "backend:stop ends it, and all that it runs"
}

// end has the supervisor end all that it runs, and itself.
func (e *unreachableError) end(ctx context.Context) error {
	if err := e.id.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("%w: %w", e, err)
	}
	for e.id.Alive() {
		if !sleep(ctx, 10*time.Millisecond) {
			return ctx.Err()
		}
	}
	return nil
}
