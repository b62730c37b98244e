package supervise

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"muster/internal/events"
	"muster/internal/proc"
)

// serve answers the control socket until nothing is left to supervise. When
// told ends, everything is stopped first.
func (s *supervisor) serve(told context.Context, l *net.UnixListener) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	go func() {
		<-s.over
		l.Close()
	}()
	context.AfterFunc(told, func() {
		s.retire()
		cancel(errEnding)
		s.Stop(nil, OwnTimeout)
		s.finish()
	})
	// The command that started us may die before it asks for anything.
	unasked := time.AfterFunc(10*time.Second, s.endIfIdle)
	defer unasked.Stop()
	for {
		conn, err := l.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // as when no descriptor is left
			fmt.Fprintf(s.log, "[WARN] control socket: %v\n", err)
			sleep(ctx, acceptRetry)
			continue
		}
		if err := checkPeer(conn); err != nil {
			fmt.Fprintf(s.log, "[WARN] control socket: %v\n", err)
			conn.Close()
			continue
		}
		go func() {
			if s.answer(ctx, conn) {
				s.finish() // the connection's end is that of this process: so its client knows
				return
			}
			conn.Close()
		}()
	}
}

// checkPeer refuses whoever is neither this user nor root. The socket's folder is
// closed to others already; a mount or a copied descriptor can open it.
func checkPeer(conn *net.UnixConn) error {
	uid, err := proc.PeerUID(conn)
	if err != nil {
		return fmt.Errorf("who is at the other end cannot be told: %w", err)
	}
	if uid != os.Geteuid() && uid != 0 {
		return fmt.Errorf("user %d is not this supervisor's, and was not heard", uid)
	}
	return nil
}

// refuse tells the command that started a supervisor why there is none.
func refuse(l *net.UnixListener, why error) {
	l.SetDeadline(time.Now().Add(answerPatience))
	conn, err := l.AcceptUnix()
	if err != nil {
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(answerPatience))
	bufio.NewReader(io.LimitReader(conn, maxRequest)).ReadBytes('\n')
	json.NewEncoder(conn).Encode(reply{Error: fmt.Sprintf("the supervisor could not start: %v", why)})
}

// acceptRetry is the pause after a connection that could not be accepted.
const acceptRetry = 100 * time.Millisecond

// errEnding says that a signal ends the supervisor.
var errEnding = errors.New("given up: the supervisor was told to end")

// maxRequest is more than the largest plan takes, in bytes.
const maxRequest = 64 << 20

// answer serves one connection, which holds one request. It tells whether the
// supervisor is to end.
func (s *supervisor) answer(ctx context.Context, conn *net.UnixConn) (last bool) {
	in := bufio.NewReader(io.LimitReader(conn, maxRequest))
	line, err := in.ReadBytes('\n')
	if err != nil {
		return s.tryRetire()
	}
	out := &answer{out: json.NewEncoder(conn)}
	var rep reply
	req, err := parseRequest(line)
	if err != nil {
		out.send(reply{Error: err.Error()})
		return s.tryRetire()
	}
	if req.Op == opStatus { // which does not end the supervisor
		st := s.Status()
		out.send(reply{Status: &st})
		s.quietSoon()
		return false
	}
	still := out.live()
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
		still()
		out.send(rep)
		s.count(1, 1)
		<-ctx.Done()
		s.Stop(nil, OwnTimeout)
		return s.tryRetire()
	}
	rep.Last = s.conclude()
	if rep.Last {
		if e := s.Close(); e != nil && rep.Error == "" {
			rep.Error = e.Error()
		}
	}
	still()
	out.send(rep)
	s.count(0, 1)
	return rep.Last
}

func (s *supervisor) perform(ctx context.Context, req request, rep *reply, out *answer) (err error) {
	switch req.Op {
	case opSignal:
		return s.Signal(req.Names[0], req.Signal)
	case opClean:
		return s.unifier.Clean(ctx)
	}
	s.takeEnviron(req.Plan)
	stop := s.sendEvents(ctx, out)
	defer stop()
	began, operation := time.Now(), events.Event{Kind: events.Begin, Operation: req.Op, Names: req.Names}
	if req.Roll != nil {
		operation.Names = req.Roll.Names
	}
	if !req.Began.IsZero() {
		operation.Seconds = time.Since(req.Began).Seconds()
	}
	s.record(operation)
	defer func() {
		operation.Seconds = time.Since(began).Seconds()
		operation.Kind, operation.Added, operation.Removed, operation.Restarted = events.End, rep.Changes.Added, rep.Changes.Removed, rep.Changes.Restarted
		if err != nil && !errors.Is(err, errRunning) {
			operation.Error = err.Error()
		}
		s.record(operation)
	}()
	switch req.Op {
	case opStart:
		err = s.Start(ctx, *req.Plan, req.Names, req.Wait)
		if err == nil || errors.Is(err, errRunning) {
			var e error
			if rep.Changes.Reread, e = s.reread(ctx); e != nil {
				err = e
			}
		}
		return err
	case opStop:
		return s.Stop(req.Names, req.Timeout)
	case opRestart:
		return s.Restart(ctx, req.Names, req.Timeout)
	case opRoll:
		if _, err := s.reread(ctx); err != nil { // it may not know of the stand-ins
			return err
		}
		return s.Roll(ctx, *req.Roll)
	case opReread:
		rep.Changes.Reread, err = s.reread(ctx)
		return err
	case opReload:
		rep.Changes, err = s.Reload(ctx, *req.Plan)
		var e error
		rep.Changes.Reread, e = s.reread(ctx) // also when a server does not come up: it may later
		if err == nil {
			err = e
		}
		return err
	}
	return nil
}
