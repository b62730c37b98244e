package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"muster/internal/local"
	"muster/internal/plan"
)

// The variables that mark every process we start, and whatever it starts in
// turn. By them a process is known as ours even when nothing else remembers it.
const (
	tagProject = "MUSTER_PROJECT"
	tagProcess = "MUSTER_PROCESS"
)

// child is a running process: one that this supervisor started, or one that
// an earlier supervisor did.
type child struct {
	id    Identity
	ours  bool // our child: it must be reaped, and its exit status can be had
	watch exitWatch
	born  time.Time
	kill  atomic.Int64 // nanoseconds after born from which on what is left of its group is killed
}

// exit is how a process ended.
type exit struct {
	known  bool // false for an adopted process: only its parent learns more
	status syscall.WaitStatus
}

func (e exit) ok() bool { return e.known && e.status.Exited() && e.status.ExitStatus() == 0 }

func (e exit) String() string {
	switch {
	case !e.known:
		return "ended"
	case e.status.Signaled():
		return "killed by " + signalName(e.status.Signal())
	default:
		return "exit code " + strconv.Itoa(e.status.ExitStatus())
	}
}

func signalName(s syscall.Signal) string {
	if n := unix.SignalName(s); n != "" {
		return n
	}
	return "signal " + strconv.Itoa(int(s))
}

// spawn starts a process in a group of its own, with its output going to its
// log file. listener, if any, becomes its descriptor 3.
func spawn(dir local.Dir, p plan.Process, listener socket) (*child, error) {
	out, err := openLog(p.Log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	files := []uintptr{null.Fd(), out.Fd(), out.Fd()}
	if listener != noSocket {
		files = append(files, uintptr(listener))
	}
	tags := []string{tagProject + "=" + string(dir), tagProcess + "=" + p.Name}
	attr := &syscall.ProcAttr{Dir: p.Dir, Env: mergeEnv(os.Environ(), append(p.Env, tags...)), Files: files}
	return fork(p.Exe, p.Args, attr)
}

func fork(exe string, args []string, attr *syscall.ProcAttr) (*child, error) {
	attr.Sys = &syscall.SysProcAttr{Setpgid: true}
	children.Lock()
	defer children.Unlock()
	pid, watch, err := forkWatched(exe, args, attr)
	if err != nil {
		return nil, fmt.Errorf("start %s in %s: %w", exe, attr.Dir, err)
	}
	children.pids[pid] = true
	id, err := identify(pid)
	if err != nil { // it is gone already; the watch tells
		id = Identity{PID: pid}
	}
	return &child{id: id, ours: true, watch: watch, born: time.Now()}, nil
}

// openLog opens a log for appending, whatever became of its folder.
func openLog(path string) (*os.File, error) {
	const flags = os.O_CREATE | os.O_APPEND | os.O_WRONLY
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		f, err = os.OpenFile(path, flags, 0o600)
	}
	return f, err
}

// mergeEnv puts over on top of base; the last of several values counts.
func mergeEnv(base, over []string) []string {
	env := slices.Clone(base)
	for _, kv := range over {
		name, _, _ := strings.Cut(kv, "=")
		i := slices.IndexFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		if i < 0 {
			env = append(env, kv)
		} else {
			env[i] = kv
		}
	}
	return env
}

// adopt takes over a process that an earlier supervisor started.
func adopt(id Identity) (*child, error) {
	watch, err := watchPID(id.PID)
	if err != nil {
		return nil, err
	}
	// Only now that the watch holds on to the process is it worth looking at.
	if !id.Alive() {
		watch.close()
		return nil, errGone
	}
	return &child{id: id, watch: watch, born: time.Now()}, nil
}

// wait blocks until the process has ended, then reaps it. It may be called
// once.
func (c *child) wait() exit {
	c.watch.wait()
	defer c.watch.close()
	if !c.ours {
		return exit{}
	}
	return exit{known: true, status: reap(c.id.PID)}
}

// waitGroup is wait, and then the end of what the process left behind in its
// group: at the time given to setKillAt, or at once when it ended unasked.
func (c *child) waitGroup() exit {
	e := c.wait()
	pause := time.Millisecond
	for !c.groupEmpty() {
		if !time.Now().Before(c.killAt()) {
			syscall.Kill(-c.id.PID, killSignal)
		}
		time.Sleep(pause) // the end of somebody else's child is no event for us
		pause = min(2*pause, 20*time.Millisecond)
	}
	return e
}

// groupEmpty tells, once the process itself was reaped, whether nothing of
// its group is left.
func (c *child) groupEmpty() bool {
	reapGroup(c.id.PID)
	return errors.Is(syscall.Kill(-c.id.PID, 0), syscall.ESRCH) || !groupAlive(c.id.PID)
}

// The deadline is kept as a distance, so that it stays on the monotonic clock:
// a step of the wall clock neither kills early nor waits for ever.

func (c *child) setKillAt(t time.Time) { c.kill.Store(int64(t.Sub(c.born))) }

func (c *child) killAt() time.Time { return c.born.Add(time.Duration(c.kill.Load())) }

const killSignal = syscall.SIGKILL

// signalGroup sends a signal to the process and to all that it started and
// that stayed in its group. The group's number can't mean somebody else: it
// stays taken until the process was reaped.
func (c *child) signalGroup(sig syscall.Signal) error {
	if c.ours {
		children.Lock()
		defer children.Unlock()
	}
	if c.ours && !children.pids[c.id.PID] || !c.ours && !c.id.Alive() {
		return errGone
	}
	return syscall.Kill(-c.id.PID, sig)
}

// children are the processes whose exit status somebody waits for, by pid. It
// belongs to this process as a whole, as the right to reap does.
var children = struct {
	sync.Mutex
	pids map[int]bool
	all  bool // the others are ours to reap too; see becomeSubreaper
}{pids: map[int]bool{}}

// reap collects a child that has ended.
func reap(pid int) syscall.WaitStatus {
	var ws syscall.WaitStatus
	children.Lock()
	for {
		if _, err := syscall.Wait4(pid, &ws, 0, nil); err != syscall.EINTR {
			break
		}
	}
	delete(children.pids, pid)
	children.Unlock()
	reapOrphans()
	return ws
}

// reapGroup collects what became our child when its parent ended: the rest of
// a group whose leader is gone.
func reapGroup(pgid int) {
	for {
		pid, err := syscall.Wait4(-pgid, nil, syscall.WNOHANG, nil)
		if err != syscall.EINTR && (err != nil || pid <= 0) {
			return
		}
	}
}
