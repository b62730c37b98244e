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
	abort     func()      // gives up the operation that starts processes
	stops     int         // stops under way
	undecided int         // requests whose outcome is open
	untold    int         // requests whose outcome is still to be told
	quiet     *time.Timer // runs when no operation has ended for a while
	retired   bool        // nothing begins any more
}

// errStopped says that a stop came while processes were being started.
var errStopped = errors.New("given up: a stop came in between")

// quietTime is how long after a start the memory is given back that only it
// needed.
const quietTime = time.Second

// whenQuiet calls f in the pause after each operation that starts processes, and after
// whoever has asked how they are.
func (s *supervisor) whenQuiet(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quiet.Stop()
	s.quiet = time.AfterFunc(quietTime, f)
}

// quietSoon begins the pause anew.
func (s *supervisor) quietSoon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quiet.Reset(quietTime)
}

// takeTurn waits for the turn of an operation that starts processes. The returned
// context is that of the operation, which ends with the returned function.
func (s *supervisor) takeTurn(ctx context.Context) (context.Context, func(), error) {
	ctx, cancel := context.WithCancelCause(ctx)
	leave := func() {
		cancel(nil)
		s.quietSoon()
	}
	for {
		s.op.Lock()
		s.mu.Lock()
		stops, changed := s.stops, s.changed
		if stops == 0 {
			s.abort = func() { cancel(errStopped) }
		}
		s.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			s.op.Unlock()
			leave()
			return nil, nil, context.Cause(ctx)
		case stops == 0:
			return ctx, func() {
				s.saveState() // what it has started is on disk before anybody is told of it
				s.op.Unlock()
				leave()
			}, nil
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
func (s *supervisor) holdOff() (release func()) {
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
		s.notify()
	}
}

// asked counts a request that has come, unless it is for the next supervisor.
func (s *supervisor) asked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retired {
		return false
	}
	s.undecided++
	s.untold++
	return true
}

// count takes requests off that have their outcome, or their answer.
func (s *supervisor) count(closed, told int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undecided -= closed
	s.untold -= told
	s.notify()
}

// conclude closes a request. When nothing runs any more it waits for the other
// open ones, so that each of them is told of the supervisor's end.
func (s *supervisor) conclude() (last bool) {
	s.count(1, 0)
	s.awaitRequests(func() bool {
		last = s.tryRetire()
		return last || !s.idle()
	})
	return last
}

// allTold blocks until every request has its answer.
func (s *supervisor) allTold() {
	s.awaitRequests(func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.untold == 0
	})
}

// awaitRequests is awaitAll for what other requests bring about. A client that
// does not read its answers holds nobody up for ever.
func (s *supervisor) awaitRequests(ok func() bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s.awaitAll(ctx, ok)
}

// retire lets nothing begin any more.
func (s *supervisor) retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retired = true
}

// endIfIdle ends the supervisor if it has nothing left to do.
func (s *supervisor) endIfIdle() {
	if s.tryRetire() {
		s.finish()
	}
}

// finish ends serve, once every request has its answer.
func (s *supervisor) finish() {
	s.finishing.Do(func() {
		s.allTold()
		close(s.over)
	})
}

// tryRetire retires the supervisor if it has nothing left to do, and tells
// whether it has: nothing begins any more then, and what is asked for now is for
// the next supervisor.
func (s *supervisor) tryRetire() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.undecided == 0 && s.stops == 0 && idle(s.procs) {
		s.retired = true
	}
	return s.retired
}
