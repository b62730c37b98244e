package proc

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// exitWatch is a pidfd (pidfd_open(2)) in Go's poller: a wait costs no thread,
// and works for processes that are not our children.
type exitWatch struct{ file *os.File }

func forkWatched(exe string, args []string, attr *syscall.ProcAttr) (int, exitWatch, error) {
	fd := -1
	attr.Sys.PidFD = &fd
	pid, err := syscall.ForkExec(exe, args, attr)
	if err != nil {
		return 0, exitWatch{}, err
	}
	if fd >= 0 {
		return pid, newWatch(fd), nil
	}
	w, err := watchPID(pid) // a kernel before 5.2
	if err != nil {
		abandon(pid)
	}
	return pid, w, err
}

func watchPID(pid int) (exitWatch, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return exitWatch{}, ErrGone
	}
	if err != nil {
		return exitWatch{}, os.NewSyscallError("pidfd_open", err)
	}
	return newWatch(fd), nil
}

func newWatch(fd int) exitWatch {
	unix.SetNonblock(fd, true) // or NewFile keeps it from the poller
	return exitWatch{os.NewFile(uintptr(fd), "pidfd")}
}

func (w exitWatch) wait() {
	conn, err := w.file.SyscallConn()
	if err != nil {
		return
	}
	ended := func(fd uintptr, timeout int) bool {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, timeout)
		return err == nil && n > 0
	}
	err = conn.Read(func(fd uintptr) bool { return ended(fd, 0) })
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return
	}
	// The poller could not take one more (epoll(7), max_user_watches).
	conn.Control(func(fd uintptr) {
		for !ended(fd, -1) {
		}
	})
}

func (w exitWatch) close() { w.file.Close() }

// BecomeSubreaper uses PR_SET_CHILD_SUBREAPER (prctl(2)). What stop undoes is the
// reaping alone.
func BecomeSubreaper() (stop func()) {
	unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	children.Lock()
	children.all = true
	children.Unlock()
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	go func() {
		for range ended {
			reapInherited()
		}
	}()
	return func() { signal.Stop(ended); close(ended) }
}

// reapInherited stops at the first child that somebody waits for: reap calls it
// again. A command that acts
// for the supervisor has children that os/exec waits for: they are not orphans.
func reapInherited() {
	for {
		children.Lock()
		if !children.all {
			children.Unlock()
			return
		}
		var info unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		pid := siginfoPID(&info)
		waited := children.pids[pid]
		children.Unlock()
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid == 0 || waited {
			return
		}
		syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
	}
}

func HasChildren() bool {
	for {
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err != unix.ECHILD
		}
	}
}

// siginfoPID is si_pid of sigaction(2), which the unix package leaves unnamed:
// it follows three ints, aligned to a pointer.
func siginfoPID(info *unix.Siginfo) int {
	const offset = (3*4 + unsafe.Sizeof(uintptr(0)) - 1) &^ (unsafe.Sizeof(uintptr(0)) - 1)
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(info), offset)))
}

func AwaitChildEnd(ctx context.Context, pid int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, child := range Children(pid) {
		w, err := watchPID(child)
		if err != nil {
			continue
		}
		stop := context.AfterFunc(ctx, func() { w.file.SetReadDeadline(time.Unix(1, 0)) })
		go func() {
			w.wait()
			stop()
			w.close()
			cancel()
		}()
	}
	<-ctx.Done()
}
