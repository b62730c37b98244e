package supervise

import (
	"io"
	"net"
	"time"
)

// Lease is a command's hold on what it started. It ends with Close or with the
// command.
type Lease struct {
	conn  *net.UnixConn
	ended chan struct{}
}

// NewLease is a lease that begins with the start that it is given to.
func NewLease() *Lease { return &Lease{ended: make(chan struct{})} }

func (l *Lease) begin(conn *net.UnixConn) {
	l.conn = conn
	conn.SetReadDeadline(time.Time{}) // it lasts as long as its holder likes
	go func() {
		io.Copy(io.Discard, conn) // the supervisor says nothing more
		close(l.ended)
	}()
}

// Ended is closed when the supervisor has gone: everything was stopped, by
// whomever.
func (l *Lease) Ended() <-chan struct{} { return l.ended }

// Close ends the lease, if it has begun.
func (l *Lease) Close() error {
	if l.conn == nil {
		return nil
	}
	return l.conn.Close()
}

// ErrRuns says that what a command was to hold in the foreground runs already,
// held by nobody or by another.
type ErrRuns struct{}

func (ErrRuns) Error() string { return "already running" }

// Hint tells what can be done.
func (ErrRuns) Hint() string { return "follow it with logs:tail, or stop it first: backend:stop" }
