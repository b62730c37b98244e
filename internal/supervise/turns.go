package supervise

import (
	"context"
	"errors"
	"time"
)

// turns says whose turn it is: operations that start processes go one at a
// time, a stop goes at once and holds them off, and the last of them all ends
// the supervisor. The supervisor's mu guards it.
type turns struct {
	abort   context.CancelFunc // gives up the operation that starts processes
	starts  int                // operations that start processes, waiting ones too
	stops   int                // stops under way
	untold  int                // requests whose outcome is still to be told
	settled *time.Timer        // runs when no operation has ended for a while
	retired bool               // nothing begins any more
}

// settleTime is how long after a start the memory is given back that only it
// needed.
const settleTime = time.Second

// whenSettled calls f in the pause after each operation that starts processes.
func (s *Supervisor) whenSettled(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settled.Stop()
	s.settled = time.AfterFunc(settleTime, f)
}

// errClosing says that the supervisor is about to end. The next one can be
// asked instead.
var errClosing = errors.New("the supervisor is about to end")

// begin waits for the turn of an operation that starts processes. The returned
// context is that of the operation, which ends with the returned function.
func (s *Supervisor) begin(ctx context.Context) (context.Context, func(), error) {
	s.mu.Lock()
	if s.retired {
		s.mu.Unlock()
		return nil, nil, errClosing
	}
	s.starts++
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	leave := func() {
		cancel()
		s.mu.Lock()
		s.starts--
		s.settled.Reset(settleTime)
		s.mu.Unlock()
	}
	for {
		s.op.Lock()
		s.mu.Lock()
		stops, changed := s.stops, s.changed
		if stops == 0 {
			s.abort = cancel
		}
		s.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			s.op.Unlock()
			leave()
			return nil, nil, ctx.Err()
		case stops == 0:
			return ctx, func() { s.op.Unlock(); leave() }, nil
		}
		s.op.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// holdOff gives up the operation that starts processes, and lets no other
// begin until the returned function is called.
func (s *Supervisor) holdOff() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops++
	if s.abort != nil {
		s.abort()
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stops--
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

// asked counts a request until the returned function is called, when its
// outcome has been told.
func (s *Supervisor) asked() (told func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.untold++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.untold--
	}
}

// retire tells whether the supervisor has nothing left to do, apart from own
// requests of the caller. If so, nothing begins any more: what is asked for
// now is for the next supervisor.
func (s *Supervisor) retire(own int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retired || s.starts > 0 || s.stops > 0 || s.untold > own || !idle(s.procs) {
		return false
	}
	s.retired = true
	return true
}
