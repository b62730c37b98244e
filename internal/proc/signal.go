package proc

import "syscall"

// Signal sends a signal to the process and to all that it started and that
// stayed in its group. The group's number can't mean somebody else: it stays
// taken until the process was reaped.
func (c *Child) Signal(sig syscall.Signal) error {
	if c.ours {
		children.Lock()
		defer children.Unlock()
	}
	if c.ours && !children.pids[c.ID.PID] || !c.ours && !c.ID.Alive() {
		return ErrGone
	}
	return syscall.Kill(-c.ID.PID, sig)
}

// Signal sends a signal to this one process, or fails with ErrGone.
func (id Identity) Signal(sig syscall.Signal) error {
	if !id.Alive() {
		return ErrGone
	}
	return syscall.Kill(id.PID, sig)
}
