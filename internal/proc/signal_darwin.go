package proc

import "syscall"

// signalOne has but the moment between the look and the signal.
func signalOne(id Identity, sig syscall.Signal) error {
	if !id.Alive() {
		return ErrGone
	}
	return syscall.Kill(id.PID, sig)
}

// DefaultSignals gives each signal that Go would leave ignored a handler, for at
// exec a handled signal becomes a default one (sigaction(2)).
func DefaultSignals() { handleIgnored() }
