package supervise

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/plan"
	"muster/internal/proc"
)

// Client asks a project's supervisor, or acts in its place where there is
// none.
type Client struct {
	Local   local.Dir
	Exe     string       // the program that is the supervisor when started so; see Resident
	Logs    logs.Options // how a supervisor started by this client keeps the logs
	OnEvent func(Event)  // told of every change of a process; may be nil
	// Begin is told of what may last; what it returns is called at the end of that. It may
	// be nil.
	Begin func(what string) (end func() (lasted bool))

	// Claims are files that a supervisor which is launched holds open to its end, and
	// this client meanwhile: the checkout's ports are nobody else's as long.
	Claims []*os.File

	Began time.Time // of the command; a start that takes its time before it asks shows that then

	patience time.Duration // in place of answerPatience, unless it is 0
}

// StartOptions say what a start does.
type StartOptions struct {
	Names  []string // processes or servers; none means all
	NoWait bool     // return without waiting for health
	// Lease, if not nil, ties everything to this command: its end, however it
	// comes, stops it all.
	Lease *Lease
}

// Start starts a plan, with a supervisor of its own where none lives. It
// returns when all is healthy, and tells whether all ran already. If it fails,
// or ctx ends first, nothing that it started is left running.
func (c *Client) Start(ctx context.Context, p plan.Plan, opts StartOptions) (already bool, err error) {
	if err := c.Local.Make(); err != nil {
		return false, err
	}
	if opts.Lease == nil && os.Getpid() == 1 {
		c.warn("this is the first process of its container: with its end all ends that it has started; in the foreground (-foreground) it stays")
	}
	req := request{Op: opStart, Plan: &p, Names: opts.Names, Wait: !opts.NoWait, Lease: opts.Lease != nil, Began: c.Began}
	defer c.begin(opStart, opts.Names)()
	for try := 1; ; try++ {
		conn, err := c.connectOrLaunch(ctx, p, opts.Names)
		if err != nil {
			return false, err
		}
		rep, err := c.converse(ctx, conn, req)
		c.tellReread(rep.Changes)
		if opts.Lease != nil && rep.Running {
			conn.Close()
			return true, ErrRuns{}
		}
		if opts.Lease != nil && err == nil {
			opts.Lease.begin(conn)
			return false, nil
		}
		conn.Close()
		if !errors.Is(err, errUnanswered) {
			return rep.Running, err
		}
		if try == tries {
			return false, hint.With(err, "see "+c.Local.Log(supervisorName))
		}
	}
}

// errUnanswered says that the supervisor ended before it said anything. It was
// about to end when it was asked, so the next one is asked instead.
var errUnanswered = errors.New("the supervisor ended when it was asked")

// tries is how often a request is sent to a supervisor that ends at it. More
// than one in a row is not chance but a fault of the supervisor.
const tries = 3

// Stop ends what runs, in order, the supervisor included; names restrict it to
// some. It works without a supervisor too. It returns ErrNothingRuns if there
// is nothing to stop.
func (c *Client) Stop(ctx context.Context, names []string, timeout time.Duration) error {
	defer c.begin(opStop, names)()
	for try := 1; ; try++ {
		conn, lock, err := c.connectOrLock(ctx)
		var deaf *unreachableError
		switch {
		case errors.Is(err, os.ErrNotExist): // the lock's folder
			return c.nothingRuns(ctx)
		case errors.As(err, &deaf):
			return deaf.end(ctx)
		case err != nil:
			return err
		case lock != nil:
			err := c.stopAlone(lock, names, timeout)
			if errors.Is(err, ErrNothingRuns) {
				err = c.nothingRuns(ctx)
			}
			return err
		}
		_, err = c.converse(ctx, conn, request{Op: opStop, Names: names, Timeout: timeout})
		conn.Close()
		silent := errors.Is(err, errSilent) && c.killSilent()
		if !silent && !errors.Is(err, errUnanswered) {
			return err
		}
		if try == tries {
			return hint.With(err, "see "+c.Local.Log(supervisorName))
		}
	}
}

// errSilent says that the supervisor has not even said that it has heard, or gives no
// sign of life any more.
var errSilent = errors.New("the supervisor does not answer")

// killSilent ends a supervisor that stands still, so that we can do what it would.
func (c *Client) killSilent() bool {
	st, _ := loadState(c.Local)
	if st.Supervisor.PID == 0 || st.Supervisor.Signal(syscall.SIGKILL) != nil {
		return false
	}
	c.warn(fmt.Sprintf("the supervisor (pid %d) has not answered for %s, and was killed: its processes are ended without it", st.Supervisor.PID, answerPatience))
	return true
}

// stopAlone does what the supervisor would, in its absence.
func (c *Client) stopAlone(l *os.File, names []string, timeout time.Duration) error {
	defer l.Close()
	_, err := loadState(c.Local)
	if elsewhere := new(Elsewhere); errors.As(err, &elsewhere) {
		return elsewhere
	}
	if c.traceless() {
		os.Remove(c.Local.State()) // of an earlier boot, or of the folder that this one is a copy of
		return ErrNothingRuns
	}
	var out io.Writer = io.Discard
	if f, err := proc.OpenLog(c.Local.Log(supervisorName)); err != nil {
		c.warn(err.Error())
	} else {
		defer f.Close()
		out = f
	}
	s, err := open(c.Local, l, out, c.Logs, true)
	if err != nil {
		return err
	}
	err = s.Stop(names, timeout)
	for _, text := range s.unifier.Warnings() {
		c.warn(text)
	}
	return errors.Join(err, s.Close())
}

func (c *Client) warn(text string) {
	if c.OnEvent != nil {
		c.OnEvent(Event{Warning: text})
	}
}

// Restart restarts what runs, or what names selects of it, and returns when
// it is healthy again.
func (c *Client) Restart(ctx context.Context, names []string, timeout time.Duration) error {
	_, err := c.ask(ctx, request{Op: opRestart, Names: names, Timeout: timeout})
	return err
}

// Roll restarts a server's instances while stand-ins serve.
func (c *Client) Roll(ctx context.Context, r Roll) error {
	_, err := c.ask(ctx, request{Op: opRoll, Roll: &r})
	return err
}

func (c *Client) tellReread(ch Changes) {
	for _, name := range ch.Reread {
		if c.OnEvent != nil {
			c.OnEvent(Event{Process: name, Notice: "reads its new configuration"})
		}
	}
}

// Reread has each process whose configuration file has changed read that, and
// names them.
func (c *Client) Reread(ctx context.Context) ([]string, error) {
	rep, err := c.ask(ctx, request{Op: opReread})
	return rep.Changes.Reread, err
}

// Reload brings what runs in line with a plan.
func (c *Client) Reload(ctx context.Context, p plan.Plan) (Changes, error) {
	rep, err := c.ask(ctx, request{Op: opReload, Plan: &p})
	return rep.Changes, err
}

// Signal sends a signal to one process.
func (c *Client) Signal(ctx context.Context, name string, sig syscall.Signal) error {
	_, err := c.ask(ctx, request{Op: opSignal, Names: []string{name}, Signal: sig})
	return err
}

// CleanLogs empties all logs and keeps the files. It is safe while everything
// runs.
func (c *Client) CleanLogs(ctx context.Context) error {
	_, err := c.ask(ctx, request{Op: opClean})
	if !errors.Is(err, ErrNothingRuns) && !errors.Is(err, ErrNoSupervisor) {
		return err
	}
	if err := c.Local.Make(); err != nil {
		return err
	}
	l, err := local.Lock(c.Local.SupervisorLock())
	if err != nil {
		return err
	}
	defer l.Close()
	if err := logs.Clean(c.Local.Logs()); err != nil {
		return err
	}
	// The positions in it are those of the files before.
	if err := os.Remove(c.Local.Checkpoint()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Status tells what runs, whether a supervisor lives or not.
func (c *Client) Status(ctx context.Context) (Status, error) {
	rep, err := c.ask(ctx, request{Op: opStatus})
	switch {
	case err == nil && rep.Status != nil:
		return *rep.Status, nil
	case errors.Is(err, ErrNothingRuns), errors.Is(err, ErrNoSupervisor), errors.As(err, new(*Elsewhere)):
		return deadStatus(ctx, c.Local)
	}
	return Status{}, err
}

// ErrNoSupervisor says that processes run, and nobody supervises them.
var ErrNoSupervisor = errors.New("the supervisor is gone, its processes run on")

// ask sends a request to the living supervisor.
func (c *Client) ask(ctx context.Context, req request) (reply, error) {
	what, names := req.Op, req.Names
	if req.Op == opRoll {
		what, names = "rolling restart of "+req.Roll.Server, nil
	}
	defer c.begin(what, names)()
	conn, err := dialSocket(c.Local)
	if err == nil {
		defer conn.Close()
		rep, err := c.converse(ctx, conn, req)
		if !errors.Is(err, errUnanswered) {
			return rep, err
		}
	}
	if err := proc.Supervises(); err != nil {
		return reply{}, err
	}
	st, err := loadState(c.Local)
	if elsewhere := new(Elsewhere); errors.As(err, &elsewhere) {
		return reply{}, elsewhere
	}
	if err == nil && slices.ContainsFunc(st.Processes, func(p savedProcess) bool { return p.ID.Alive() }) {
		return reply{}, ErrNoSupervisor
	}
	return reply{}, ErrNothingRuns
}

// begin has whoever looks at us see what is done.
func (c *Client) begin(what string, names []string) (end func()) {
	if c.Begin == nil {
		return func() {}
	}
	if len(names) > 0 && len(names) < 4 { // more are all, as good as
		what += " " + strings.Join(names, ", ")
	}
	ended := c.Begin(what)
	return func() { ended() }
}

// converse sends a request and reads events until the result. When ctx ends,
// the connection does, and with it what the supervisor does for us.
func (c *Client) converse(ctx context.Context, conn *net.UnixConn, req request) (reply, error) {
	var rep reply
	if err := json.NewEncoder(conn).Encode(req); err != nil {
		return rep, errUnanswered
	}
	stop := context.AfterFunc(ctx, func() { conn.CloseWrite() })
	defer stop()
	patience := cmp.Or(c.patience, answerPatience)
	conn.SetReadDeadline(time.Now().Add(patience))
	in := json.NewDecoder(bufio.NewReader(conn))
	for answered := false; ; answered = answered || !rep.Heard {
		rep = reply{}
		if err := in.Decode(&rep); err != nil {
			switch {
			case ctx.Err() != nil:
				return rep, ctx.Err()
			case errors.Is(err, os.ErrDeadlineExceeded):
				return rep, hint.With(errSilent, "see "+c.Local.Log(supervisorName)+"; backend:stop ends it, and all that it runs")
			case !answered:
				return rep, errUnanswered
			}
			return rep, fmt.Errorf("the supervisor ended while it was asked (%w); see %s", err, c.Local.Log(supervisorName))
		}
		if rep.Event == nil && !rep.Heard {
			break
		}
		switch { // it works, for as long as that takes
		case req.Op == opSignal:
		case rep.Beat > 0:
			patience = max(patience, 3*rep.Beat)
			conn.SetReadDeadline(time.Now().Add(patience))
		case rep.Heard: // and does not say whether it still lives
			conn.SetReadDeadline(time.Time{})
		}
		if rep.Event != nil && c.OnEvent != nil {
			c.OnEvent(*rep.Event)
		}
	}
	if rep.Last {
		conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) { // it ends when the supervisor has gone
			c.warn(fmt.Sprintf("all has ended, but for the supervisor, which still runs after %s; see %s", patience, c.Local.Log(supervisorName)))
		}
	}
	switch {
	case rep.Failed != nil:
		return rep, rep.Failed
	case rep.Nothing:
		return rep, ErrNothingRuns
	case ctx.Err() != nil && rep.Error != "":
		return rep, ctx.Err()
	case strings.HasPrefix(rep.Error, unknownOperation):
		return rep, hint.With(errors.New(rep.Error), "backend:stop, and then backend:start, which runs this version")
	case rep.Error != "":
		return rep, errors.New(rep.Error)
	}
	return rep, nil
}
