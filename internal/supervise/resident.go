package supervise

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/proc"
)

// Resident runs the supervisor, and does not return, if this process was
// started to be one. It is to be called before anything else.
func Resident() {
	if len(os.Args) != 4 || os.Args[0] != residentName {
		return
	}
	proc.DefaultSignals()
	// It idles for hours beside the developer's work: a small heap, and few
	// threads, weigh more than speed.
	debug.SetGCPercent(20)
	runtime.GOMAXPROCS(min(2, runtime.NumCPU()))
	if err := resident(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintf(os.Stderr, "[ERROR] %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func resident(root, maxSize, maxFiles string) error {
	dir := local.Dir(root)
	// No child may get them: it would keep the project locked, and connections
	// waiting, after this process's end.
	proc.KeepToUs(lockFD)
	proc.KeepToUs(socketFD)
	for fd := claimsFD; proc.KeepToUs(fd); fd++ {
	}
	lock := os.NewFile(lockFD, dir.SupervisorLock())
	socket := os.NewFile(socketFD, dir.Socket())
	l, err := net.FileListener(socket)
	socket.Close()
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	var opts logs.Options
	opts.MaxSize, _ = strconv.ParseInt(maxSize, 10, 64)
	opts.MaxFiles, _ = strconv.Atoi(maxFiles)

	defer proc.BecomeSubreaper()()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ctx, end := context.WithCancel(ctx)
	defer end()

	s, err := open(dir, lock, os.Stdout, opts, false)
	if err != nil {
		refuse(l.(*net.UnixListener), err)
		return err
	}
	s.whenQuiet(func() {
		debug.FreeOSMemory()
		proc.ReleaseProgram()
	})
	go func() {
		if s.losesLock(ctx) {
			end()
		}
	}()
	s.serve(ctx, l.(*net.UnixListener))
	return s.Close()
}

// losesLock waits until the lock that we hold is no longer the one of the project,
// and tells whether it is so before ctx ends.
func (s *supervisor) losesLock(ctx context.Context) bool {
	for s.holdsLock() {
		select {
		case <-time.After(together(lockLook, lockLook)):
		case <-s.filesGone:
		case <-ctx.Done():
			return false
		}
	}
	fmt.Fprintf(s.log, "[WARN] %s was removed: nobody can reach this supervisor any more; it ends, and all that it runs\n", s.local.SupervisorLock())
	return true
}

// lockLook is how often the lock is looked at where nothing tells that it may have
// gone, as the unified log does that goes with it. It is the one thing that the
// supervisor does while nothing happens.
const lockLook = 5 * time.Second

// holdsLock tells whether the lock that we hold is the one that lies in the
// project's folder. A folder that cannot be looked at for now has not gone.
func (s *supervisor) holdsLock() bool {
	held, err := s.lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(s.local.SupervisorLock())
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
	}
	return os.SameFile(held, there)
}
