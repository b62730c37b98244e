package supervise

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/proc"
)

// residentName is argv[0] of the supervisor's process, and what ps(1) shows.
const residentName = "muster-supervisor"

// The descriptors that the launching command hands over.
const (
	lockFD   = 3
	socketFD = 4
)

// Resident runs the supervisor, and does not return, if this process was
// started to be one. It is to be called before anything else.
func Resident() {
	if len(os.Args) != 4 || os.Args[0] != residentName {
		return
	}
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
	syscall.CloseOnExec(lockFD)
	syscall.CloseOnExec(socketFD)
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
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)

	s, err := Open(dir, lock, os.Stdout, opts)
	if err != nil {
		return err
	}
	s.whenQuiet(func() {
		debug.FreeOSMemory()
		proc.ReleaseProgram()
	})
	s.serve(ctx, l.(*net.UnixListener))
	if ctx.Err() != nil { // told to end by a signal: so do the processes
		s.Stop(nil, stopTimeout)
	}
	return s.Close()
}

// launchSupervisor starts one for the project, detached from this command and
// its terminal, and hands it the lock and the control socket, on which it can
// be asked at once.
func launchSupervisor(dir local.Dir, lock *os.File, exe string, opts logs.Options) error {
	l, err := listenSocket(dir)
	if err != nil {
		return err
	}
	defer l.Close()
	sock, err := l.File()
	if err != nil {
		return err
	}
	defer sock.Close()
	out, err := proc.OpenLog(dir.Log(SupervisorName))
	if err != nil {
		return err
	}
	defer out.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	p, err := os.StartProcess(exe, []string{residentName, string(dir),
		strconv.FormatInt(opts.MaxSize, 10), strconv.Itoa(opts.MaxFiles)}, &os.ProcAttr{
		Dir:   dir.Project(),
		Env:   residentEnv(os.Environ()),
		Files: []*os.File{null, out, out, lock, sock},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return fmt.Errorf("start the supervisor: %w", err)
	}
	go p.Wait() // it may end before this command does
	return nil
}

// residentEnv is the environment that all processes inherit: this command's,
// less what only concerns itself.
func residentEnv(env []string) []string {
	return slices.DeleteFunc(proc.WithoutMark(env), func(kv string) bool { return strings.HasPrefix(kv, "MAGEFILE_") })
}
