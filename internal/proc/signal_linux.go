package proc

import (
	"errors"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalOne holds on to the process by a pidfd while it looks whether it is the
// one that is meant (pidfd_send_signal(2)).
func signalOne(id Identity, sig syscall.Signal) error {
	fd, err := unix.PidfdOpen(id.PID, 0)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return ErrGone
	}
	if err != nil {
		return os.NewSyscallError("pidfd_open", err)
	}
	defer unix.Close(fd)
	if now, err := Identify(id.PID); err != nil {
		return err
	} else if now != id {
		return ErrGone
	}
	err = unix.PidfdSendSignal(fd, sig, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	return err
}

// DefaultSignals gives each signal that Go would leave ignored a handler, for at
// exec a handled signal becomes a default one (signal(7)). A blocked one stays
// blocked, whatever Go does: then we begin anew, with none.
func DefaultSignals() {
	var blocked unix.Sigset_t
	runtime.LockOSThread()
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, nil, &blocked); err == nil && blocked != (unix.Sigset_t{}) {
		unix.PthreadSigmask(unix.SIG_SETMASK, &unix.Sigset_t{}, nil)
		syscall.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	runtime.UnlockOSThread()
	handleIgnored()
}
