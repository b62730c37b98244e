package proc

import (
	"context"
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// exitWatch is a kqueue that reports the end of one process (EVFILT_PROC in
// kqueue(2)).
type exitWatch struct{ kq int }

func forkWatched(exe string, args []string, attr *syscall.ProcAttr) (int, exitWatch, error) {
	pid, err := syscall.ForkExec(exe, args, attr)
	if err != nil {
		return 0, exitWatch{}, err
	}
	w, err := watchPID(pid)
	if errors.Is(err, ErrGone) { // ended already: a zombie, which wait finds at once
		return pid, exitWatch{-1}, nil
	}
	if err != nil {
		abandon(pid)
	}
	return pid, w, err
}

func watchPID(pid int) (exitWatch, error) {
	kq, err := unix.Kqueue()
	if err != nil {
		return exitWatch{}, os.NewSyscallError("kqueue", err)
	}
	unix.CloseOnExec(kq)
	ev := unix.Kevent_t{Ident: uint64(pid), Filter: unix.EVFILT_PROC, Flags: unix.EV_ADD, Fflags: unix.NOTE_EXIT}
	if _, err := unix.Kevent(kq, []unix.Kevent_t{ev}, nil, nil); err != nil {
		unix.Close(kq)
		if errors.Is(err, unix.ESRCH) {
			return exitWatch{}, ErrGone
		}
		return exitWatch{}, os.NewSyscallError("kevent", err)
	}
	return exitWatch{kq}, nil
}

func (w exitWatch) wait() {
	if w.kq < 0 {
		return
	}
	var ev [1]unix.Kevent_t
	for {
		if n, err := unix.Kevent(w.kq, nil, ev[:], nil); n > 0 || err != unix.EINTR {
			return
		}
	}
}

func (w exitWatch) close() {
	if w.kq >= 0 {
		unix.Close(w.kq)
	}
}

// There is no sub-reaper here: orphans are init's.
func BecomeSubreaper() (stop func()) { return func() {} }

func reapInherited() {}

func HasChildren() bool { return false }

// AwaitChildEnd leaves a dead child to be noticed by what it served.
func AwaitChildEnd(ctx context.Context, _ int) { <-ctx.Done() }
