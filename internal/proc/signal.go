package proc

import (
	"os"
	"os/signal"
	"syscall"
)

// Signal sends a signal to the process and to all that it started and that
// stayed in its group. The group's number can't mean somebody else: it stays
// taken until the process was reaped.
func (c *Child) Signal(sig syscall.Signal) error {
	if c.ours {
		children.Lock()
		defer children.Unlock()
	} else {
		c.noteDescendants()
	}
	if c.ours && !children.pids[c.ID.PID] || !c.ours && c.ID.gone() {
		return ErrGone
	}
	err := kill(-c.ID.PID, sig)
	if err == nil && (sig == c.stop || sig == syscall.SIGKILL) {
		c.asked.Store(true)
	}
	return err
}

// Stop asks the process to end, and its group unless that is left to it.
func (c *Child) Stop() error {
	if c.mixed {
		return c.ID.Signal(c.stop)
	}
	return c.Signal(c.stop)
}

// Signal sends a signal to this one process, or fails with ErrGone. None of our
// own children is reaped meanwhile.
func (id Identity) Signal(sig syscall.Signal) error {
	children.Lock()
	defer children.Unlock()
	return signalOne(id, sig)
}

// handleIgnored takes the signals that are of no concern to us, and that Go does
// not handle by itself: signal.Ignore would be passed on to every child.
func handleIgnored() {
	signal.Notify(make(chan os.Signal, 1), append(jobControl(), syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGINT)...)
}
