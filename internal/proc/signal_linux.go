package proc

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"unsafe"

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

// DefaultSignals gives the signals that we ignore a handler, for at exec a handled
// signal becomes a default one (signal(7)). Go leaves those of the C library as
// they are, and a blocked one blocked: then we begin anew, with none.
func DefaultSignals() {
	var blocked unix.Sigset_t
	runtime.LockOSThread()
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, nil, &blocked); err == nil && blocked != (unix.Sigset_t{}) {
		unix.PthreadSigmask(unix.SIG_SETMASK, &unix.Sigset_t{}, nil)
		syscall.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	runtime.UnlockOSThread()
	handleIgnored()
	for sig := syscall.Signal(1); sig <= lastSignal; sig++ {
		if disposition(sig) == ignored {
			setDefault(sig)
		}
	}
}

const (
	lastSignal = 64 // _NSIG of asm/signal.h
	ignored    = 1  // SIG_IGN
)

// sigaction is struct sigaction of the kernel, as far as its handler goes.
type sigaction struct {
	handler uintptr
	_       [15]uintptr
}

func disposition(sig syscall.Signal) uintptr {
	var act sigaction
	unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), 0, uintptr(unsafe.Pointer(&act)), lastSignal/8, 0, 0)
	return act.handler
}

func setDefault(sig syscall.Signal) {
	var act sigaction
	unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&act)), 0, lastSignal/8, 0, 0)
}
