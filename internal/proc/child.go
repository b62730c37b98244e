// Package proc is one process of the operating system and all that muster asks
// the system for: it starts a process in a group of its own, knows it again by
// more than its pid, signals it and what it started, learns of its end, and
// finds what it left behind.
//
// It knows no plan: when a process is to run, and whether it is well, is for
// others to say. system.go lists what differs between systems.
package proc

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"muster/internal/local"
)

// Command is a program to run.
type Command struct {
	Exe    string   // absolute path of the program
	Args   []string // argv, the program's name included
	Dir    string
	Base   []string // NAME=VALUE; nil: our own environment
	Env    []string // NAME=VALUE, on top of that
	Log    string   // absolute path of the file that gets stdout and stderr
	Output *os.File // gets them instead, if it is not nil
	Socket Socket   // a listening socket, which becomes descriptor 3, or NoSocket
	Port   int      // that it listens on; 0: none
	Mark   Mark
	Stop   syscall.Signal // asks it to end; 0 is SIGTERM
	Mixed  bool           // that is for it alone; what is left of its group is killed once it has ended
	Stdin  bool           // its standard input has no end
	Grace  time.Duration  // what it leaves behind has this from SIGTERM to SIGKILL
}

// environment is what the program gets; of several values of a variable the last
// one counts.
func (c Command) environment() []string {
	base := c.Base
	if base == nil {
		base = os.Environ()
	}
	cmd := exec.Cmd{Env: slices.Concat(WithoutMark(base), c.Env, c.Mark.variables())}
	if c.Log == os.DevNull {
		cmd.Env = append(cmd.Env, nowhere)
	}
	return cmd.Environ()
}

// Child is a running process that we hold on to: one that we started, or one
// that another process like us did.
type Child struct {
	ID       Identity
	mark     Mark
	log      string
	port     int
	stop     syscall.Signal // asks it to end
	mixed    bool           // see Command
	ours     bool           // our child: it must be reaped, and its exit status can be had
	watch    exitWatch
	since    time.Time    // when we took hold of it
	deadline atomic.Int64 // nanoseconds after since; see SetDeadline
	grace    atomic.Int64 // nanoseconds that each of its strays has
	asked    atomic.Bool  // its whole group was told to end

	mu   sync.Mutex
	seen map[Identity]bool // of one that is not our child: who came from it while it lived
}

func hold(id Identity, c Command, w exitWatch) *Child {
	child := &Child{ID: id, mark: c.Mark, log: c.Log, port: c.Port, stop: cmp.Or(c.Stop, syscall.SIGTERM), mixed: c.Mixed, watch: w, since: time.Now()}
	child.grace.Store(int64(c.Grace))
	return child
}

// Spawn starts a process in a group of its own.
func Spawn(c Command) (*Child, error) {
	// Go reads the time zone once, at its first use, by a descriptor that is not
	// closed on exec: a child started in that moment would inherit it.
	_, _ = time.Now().Zone()
	for _, v := range c.Env { // os/exec leaves such a variable out without a word
		if name, _, _ := strings.Cut(v, "="); strings.Contains(v, "\x00") {
			return nil, fmt.Errorf("start %s: the variable %q holds a NUL byte", c.Exe, name)
		}
	}
	out := c.Output
	if out == nil {
		var err error
		if out, err = OpenLog(c.Log); err != nil {
			return nil, err
		}
		defer out.Close()
	}
	in, err := c.input()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	files := []uintptr{in.Fd(), out.Fd(), out.Fd()}
	if c.Socket != NoSocket {
		files = append(files, uintptr(c.Socket))
	}
	attr := &syscall.ProcAttr{Dir: c.Dir, Env: c.environment(), Files: files, Sys: ownGroup()}
	children.Lock()
	defer children.Unlock()
	pid, watch, err := forkWatched(c.Exe, c.Args, attr)
	if err != nil {
		return nil, fmt.Errorf("start %s in %s: %w", c.Exe, c.Dir, err)
	}
	id, err := Identify(pid)
	switch {
	case errors.Is(err, ErrGone): // the watch tells
		id = Identity{PID: pid}
	case err != nil: // no descriptor is left, and nobody after us would know it again
		watch.close()
		abandon(pid)
		return nil, fmt.Errorf("start %s: %w", c.Exe, err)
	}
	children.pids[pid] = true
	child := hold(id, c, watch)
	child.ours = true
	return child, nil
}

// input is the standard input: one that ends at once, or one that never does.
func (c Command) input() (*os.File, error) {
	if !c.Stdin {
		return os.Open(os.DevNull)
	}
	// Whoever reads a FIFO that it can also write to waits for ever, whoever else dies.
	if err := local.Mkdir(c.Mark.Project.Run()); err != nil {
		return nil, err
	}
	fifo := local.TemporaryName(c.Mark.Project.Run())
	if err := makeFIFO(fifo); err != nil {
		return nil, &os.PathError{Op: "make the FIFO", Path: fifo, Err: err}
	}
	defer os.Remove(fifo)
	fd, err := syscall.Open(fifo, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: fifo, Err: err}
	}
	return os.NewFile(uintptr(fd), fifo), nil
}

// Attach takes hold of a process that is not our child, and that was started
// by the command.
func Attach(id Identity, c Command) (*Child, error) {
	watch, err := watchPID(id.PID)
	if err != nil {
		return nil, err
	}
	// Only now that the watch holds on to the process is it worth looking at.
	if !id.Alive() {
		watch.close()
		return nil, ErrGone
	}
	child := hold(id, c, watch)
	child.noteDescendants()
	return child, nil
}

// Wait blocks until the process has ended, then reaps it. Of Wait and WaitAll
// one may be called, and once.
func (c *Child) Wait() Exit {
	c.watch.wait()
	defer c.watch.close()
	if !c.ours {
		return Exit{}
	}
	return Exit{known: true, status: reap(c.ID.PID)}
}

// WaitAll is Wait, and then the end of what the process left behind. Its group
// is asked to end, unless it was before, and killed at the deadline; what is ours
// outside of it gets as long, from its own SIGTERM on. Whoever came from it, and
// is not to be ended, is told to left.
func (c *Child) WaitAll(left func(Identity)) Exit {
	e := c.Wait()
	c.deadline.CompareAndSwap(0, int64(time.Since(c.since))+c.grace.Load()) // it ended unasked
	pause := time.Millisecond
	for !c.groupEmpty() {
		var err error
		switch {
		case c.overdue(), c.mixed:
			err = kill(-c.ID.PID, syscall.SIGKILL)
		case !c.asked.Swap(true):
			err = kill(-c.ID.PID, syscall.SIGTERM)
		}
		if errors.Is(err, syscall.EPERM) { // what is left is another user's by now
			for _, id := range group(c.ID.PID) {
				left(id)
			}
			break
		}
		time.Sleep(pause) // the end of somebody else's child is no event for us
		pause = min(2*pause, 20*time.Millisecond)
	}
	c.endStrays(left)
	return e
}

// groupEmpty tells, once the process itself was reaped, whether nothing of
// its group is left.
func (c *Child) groupEmpty() bool {
	reapGroup(c.ID.PID)
	return errors.Is(kill(-c.ID.PID, 0), syscall.ESRCH) || !groupAlive(c.ID.PID)
}

// SetDeadline sets from when on WaitAll kills what is left of the process's
// group; each of its strays gets as long as there is until then. Of a process
// that ends before it is set, that is the command's Grace after the end.
//
// The deadline is kept as a distance, so that it stays on the monotonic clock:
// a step of the wall clock neither kills early nor waits for ever.
func (c *Child) SetDeadline(t time.Time) {
	c.grace.Store(int64(max(time.Until(t), 0)))
	c.deadline.Store(int64(t.Sub(c.since)))
}

// Deadline is what SetDeadline set.
func (c *Child) Deadline() time.Time { return c.since.Add(time.Duration(c.deadline.Load())) }

func (c *Child) overdue() bool { return !time.Now().Before(c.Deadline()) }

// InheritSocket takes a copy of the socket with which the process listens on a
// port. Where the system does not allow that, there is none, and the process's
// successor binds anew.
func (c *Child) InheritSocket(port int) Socket { return inheritSocket(c.watch, c.ID.PID, port) }

// OpenLog opens a log for appending, and makes its folder anew. What is
// neither a regular file nor a device is refused, without waiting for a FIFO's
// reader.
func OpenLog(path string) (*os.File, error) {
	const flags = os.O_CREATE | os.O_APPEND | os.O_WRONLY | syscall.O_NONBLOCK
	f, err := local.Open(path, flags)
	if errors.Is(err, os.ErrNotExist) {
		if err := local.Mkdir(filepath.Dir(path)); err != nil {
			return nil, err
		}
		f, err = local.Open(path, flags)
	}
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() && st.Mode()&os.ModeDevice == 0 {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err == nil {
		err = makeBlocking(f) // it is the child's now
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
