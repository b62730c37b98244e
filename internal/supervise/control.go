package supervise

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"muster/internal/plan"
)

// request is what a command asks the supervisor for: one JSON line each.
type request struct {
	Op      string         `json:"op"`
	Plan    *plan.Plan     `json:"plan,omitempty"`
	Names   []string       `json:"names,omitempty"`
	Timeout time.Duration  `json:"timeout,omitempty"`
	Wait    bool           `json:"wait,omitempty"`
	Forget  bool           `json:"forget,omitempty"` // opStop: the processes leave the plan as well
	Lease   bool           `json:"lease,omitempty"`  // everything is stopped when the connection ends
	Signal  syscall.Signal `json:"signal,omitempty"`
}

// The operations of the control socket.
const (
	opStart   = "start"
	opStop    = "stop"
	opRestart = "restart"
	opReload  = "reload"
	opStatus  = "status"
	opSignal  = "signal"
	opClean   = "clean-logs"
)

// reply is one JSON line of the answer: any number of events, then the result.
type reply struct {
	Event   *Event      `json:"event,omitempty"`
	Done    bool        `json:"done,omitempty"`
	Running bool        `json:"already_running,omitempty"`
	Nothing bool        `json:"nothing_runs,omitempty"`
	Status  *Status     `json:"status,omitempty"`
	Changes *Changes    `json:"changes,omitempty"`
	Error   string      `json:"error,omitempty"`
	Failed  *StartError `json:"failed,omitempty"`
	Last    bool        `json:"last,omitempty"` // nothing runs any more: the supervisor goes too
}

// Event tells of a process that reached another state.
type Event struct {
	Process string    `json:"process"`
	Kind    plan.Kind `json:"kind"`
	State   State     `json:"state"`
	PID     int       `json:"pid,omitempty"`
	URL     string    `json:"url,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	Adopted bool      `json:"adopted,omitempty"`
	Seconds float64   `json:"seconds"` // since the process's start
}

// serve answers the control socket until nothing is left to supervise, or ctx
// ends.
func (s *Supervisor) serve(ctx context.Context, l *net.UnixListener) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { l.Close() })
	end := func() {
		s.allTold()
		cancel()
	}
	// The command that started us may die before it asks for anything.
	orphaned := time.AfterFunc(10*time.Second, func() {
		if s.retire() {
			end()
		}
	})
	defer orphaned.Stop()
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			return
		}
		go func() {
			if s.answer(ctx, conn) {
				end() // the connection's end is that of this process: so its client knows
				return
			}
			conn.Close()
		}()
	}
}

// answer serves one connection, which holds one request. It tells whether the
// supervisor is to end.
func (s *Supervisor) answer(ctx context.Context, conn *net.UnixConn) (last bool) {
	in := bufio.NewReader(conn)
	var req request
	line, err := in.ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &req) != nil {
		return s.retire()
	}
	out := json.NewEncoder(conn)
	var rep reply
	if req.Op == opStatus { // which does not end the supervisor
		st := s.Status()
		out.Encode(reply{Status: &st, Done: true})
		return false
	}
	if !s.asked() {
		select {} // this process's end is the answer: the client asks the next one
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// A command that is interrupted closes its connection; what it waits for
	// is given up then.
	go func() {
		in.ReadByte()
		cancel()
	}()
	err = s.perform(ctx, req, &rep, out)
	var start *StartError
	switch {
	case errors.Is(err, errRunning):
		rep.Running = true
	case errors.Is(err, ErrNothingRuns):
		rep.Nothing = true
	case errors.As(err, &start):
		rep.Failed = start
	case err != nil:
		rep.Error = err.Error()
	}
	if req.Lease && err == nil {
		out.Encode(rep)
		s.count(1, 1)
		<-ctx.Done()
		s.Stop(nil, stopTimeout)
		return s.retire()
	}
	rep.Done = true
	rep.Last = s.conclude()
	if rep.Last {
		if e := s.Close(); e != nil && rep.Error == "" {
			rep.Error = e.Error()
		}
	}
	out.Encode(rep)
	s.count(0, 1)
	return rep.Last
}

func (s *Supervisor) perform(ctx context.Context, req request, rep *reply, out *json.Encoder) error {
	switch req.Op {
	case opSignal:
		return s.Signal(req.Names[0], req.Signal)
	case opClean:
		return s.unifier.Clean(ctx)
	}
	stop := s.sendEvents(ctx, out)
	defer stop()
	switch req.Op {
	case opStart:
		return s.Start(ctx, *req.Plan, req.Names, req.Wait)
	case opStop:
		err := s.Stop(req.Names, req.Timeout)
		if err == nil && req.Forget {
			s.drop(s.named(req.Names))
		}
		return err
	case opRestart:
		return s.Restart(ctx, req.Names, req.Timeout)
	case opReload:
		ch, err := s.Reload(ctx, *req.Plan)
		rep.Changes = &ch
		return err
	}
	return fmt.Errorf("unknown operation %q: the supervisor is of another version; stop it first", req.Op)
}

// sendEvents sends an event for each change of a process's state, until the
// returned function is called.
func (s *Supervisor) sendEvents(ctx context.Context, out *json.Encoder) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	var known []*process // those that have left the plan too: their end is news
	seen := map[*process]snapshot{}
	first := !s.greeted.Swap(true) // nobody has been told of the adopted ones
	for _, p := range s.processes() {
		if now := p.snapshot(); !first || !now.adopted {
			known, seen[p] = append(known, p), now
		}
	}
	send := func() {
		for _, p := range s.processes() {
			if _, ok := seen[p]; !ok {
				known, seen[p] = append(known, p), snapshot{state: Stopped}
			}
		}
		for _, p := range known {
			now, old := p.snapshot(), seen[p]
			if now.state == old.state && now.id == old.id && now.detail == old.detail {
				continue
			}
			seen[p] = now
			out.Encode(reply{Event: &Event{Process: p.spec.Name, Kind: p.spec.Kind, State: now.state,
				PID: now.id.PID, URL: p.spec.URL, Detail: now.detail, Adopted: now.adopted,
				Seconds: time.Since(now.since).Seconds()}})
		}
	}
	go func() {
		defer close(done)
		for {
			changes := s.changes()
			send()
			select {
			case <-changes:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
		send() // what changed last
	}
}
