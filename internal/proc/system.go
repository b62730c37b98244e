package proc

import (
	"context"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// What follows is all that a system has to provide. A port to another one
// fills it in, in files that end in the system's name; nothing else in muster
// asks the system about processes, ports and sockets. What a system cannot tell
// is an error, empty or 0, and is then done without.

// Supervises tells whether this system can do what a supervisor needs; else the
// error says so, with what to do instead. Whatever starts, stops or signals a
// process, or would tell what runs, fails with it there.
var _ func() error = Supervises

// info is what the kernel tells of a process.
type info struct {
	parent, group, session int

	start  uint64             // when it began, in the kernel's own unit
	ended  bool               // a zombie: nothing of it runs or holds anything open
	status syscall.WaitStatus // of one that has ended
	cpu    time.Duration      // user and system time; 0 where that is not known
	rss    int64              // resident memory in bytes; 0 where that is not known
}

// The table of processes.
var (
	// bootID differs after every boot, and not with the clock.
	_ func() string = bootID
	// look reads who has a pid now; the error is ErrGone if nobody has.
	_ func(pid int) (info, error) = look
	// Exists tells whether somebody has a pid, be it a zombie.
	_ func(pid int) bool = Exists
	// allPIDs lists the processes of the machine.
	_ func() []int = allPIDs
	// Children lists the children of a process, zombies included: of nginx's
	// master, its workers.
	_ func(pid int) []int = Children
	// inherited lists at least those children of ours that came to us when their
	// parent ended.
	_ func() []int = inherited
	// groupAlive tells whether a process group has a member that is no zombie:
	// where nobody reaps orphans, their zombies keep the group for ever.
	_ func(pgid int) bool = groupAlive
	// environ is the environment that a process began with, each variable ended
	// by a NUL. Without it no orphan is found.
	_ func(pid int) ([]byte, error) = environ
	// ownedBy tells whether a process is a user's.
	_ func(pid, uid int) bool = ownedBy
	// arguments are argv of a process, each ended by a NUL.
	_ func(pid int) ([]byte, error) = arguments
	// opened is what a process has open as a descriptor.
	_ func(pid, fd int) (os.FileInfo, error) = opened
	// outputs are the files that a process has as its standard output and error.
	_ func(pid int) []string = outputs
	// listens tells whether a process listens on one of these ports; 0 is none.
	_ func(pid int, ports []int) bool = listens
	// signalOne sends a signal to this very process, or fails with ErrGone.
	_ func(id Identity, sig syscall.Signal) error = signalOne
	// PIDNamespace names the set of processes among which a pid means anything;
	// "" where there is but one.
	_ func() string = PIDNamespace
	// reachable tells whether a process is of our PID namespace: one of a
	// container's is another machine's to end.
	_ func(pid int) bool = reachable
	// kill sends a signal to a process, or to a group as kill(2) does.
	_ func(pid int, sig syscall.Signal) error = kill
	// signalName and SignalOf are a signal's name, such as SIGTERM, and back.
	_ func(syscall.Signal) string      = signalName
	_ func(name string) syscall.Signal = SignalOf
	// jobControl are the signals with which a terminal stops a job.
	_ func() []os.Signal = jobControl
	// DefaultSignals makes every program that we start from now on begin with all
	// signals at their default, also those that we were started with ignored.
	_ func() = DefaultSignals
)

// The end of a process.
var (
	// An exitWatch holds on to one process, ours or not. Its wait returns when
	// the process has ended, and takes no thread if that can be had.
	_ interface {
		wait()
		close()
	} = exitWatch{}
	// forkWatched starts a program and watches it.
	_ func(exe string, args []string, attr *syscall.ProcAttr) (pid int, w exitWatch, err error) = forkWatched
	// waitChild collects a child of ours, or of one of our groups, as wait4(2) does;
	// without block only one that has ended.
	_ func(pid int, block bool) (ended int, status syscall.WaitStatus, err error) = waitChild
	// ownGroup makes a program that is started the leader of a group, and OwnSession
	// that of a session, which no terminal reaches.
	_ func() *syscall.SysProcAttr = ownGroup
	_ func() *syscall.SysProcAttr = OwnSession
	// KeepToUs keeps a descriptor that we were started with from our children, and
	// tells whether there is one.
	_ func(fd int) bool = KeepToUs
	// watchPID watches a process that runs already, or fails with ErrGone.
	_ func(pid int) (exitWatch, error) = watchPID
	// AwaitChildEnd blocks until a child of another process ends, or ctx does.
	// A system that does not tell waits for ctx.
	_ func(ctx context.Context, pid int) = AwaitChildEnd
	// BecomeSubreaper makes orphaned descendants our children, and reaps them as
	// they end, until stop is called. It does nothing where they are always init's.
	_ func() (stop func()) = BecomeSubreaper
	// HasChildren tells whether any child is left, inherited ones included.
	_ func() bool = HasChildren
	// reapInherited collects ended children that nobody waits for.
	_ func() = reapInherited
)

// Ports, sockets and memory.
var (
	// PortHolder finds who listens on a TCP port.
	_ func(port int) Holder = PortHolder
	// listeners are the TCP sockets of the machine on which somebody listens, and
	// heldBy those of them that a process has open, as far as can be seen.
	_ func() map[string]netip.AddrPort                                  = listeners
	_ func(pid int, sockets map[string]netip.AddrPort) []netip.AddrPort = heldBy
	// connected tells whether a TCP port of ours has connections.
	_ func(port int) bool = connected
	// inheritSocket takes a copy of the socket with which a process that we hold
	// on to listens on a port, or returns NoSocket.
	_ func(w exitWatch, pid, port int) Socket = inheritSocket
	// PeerUID is the user at the other end of a Unix socket, as the kernel noted it
	// when that connected.
	_ func(conn *net.UnixConn) (uid int, err error) = PeerUID
	// noDelay is TCP_NODELAY; copySocket and closeSocket keep a socket by its descriptor.
	_ func(fd uintptr) error           = noDelay
	_ func(fd uintptr) (Socket, error) = copySocket
	_ func(Socket)                     = closeSocket
	// makeFIFO makes one for this user alone; makeBlocking has reads and writes wait.
	_ func(path string) error = makeFIFO
	_ func(*os.File) error    = makeBlocking
	// WithSocketPath calls use with a path of a Unix socket that fits into a
	// socket address however deep the socket's own path lies.
	_ func(path string, use func(path string) error) error = WithSocketPath
	// ReleaseProgram gives memory back that holds the program's own code.
	_ func() = ReleaseProgram
)
