package follow

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// kernelWaiter is a Waiter by kqueue(2). A descriptor is
// its own watch.
type kernelWaiter struct {
	kq     int
	wakeUp [2]int // a pipe: what is written to it ends the wait
	events [64]unix.Kevent_t

	mu   sync.Mutex
	dirs []int // descriptors of folders
	shut bool
	busy bool // in kevent: closing waits for it
	idle *sync.Cond
}

// NewWaiter returns a waiter that nothing was asked of yet.
func NewWaiter() (Waiter, error) {
	kq, err := unix.Kqueue()
	if err != nil {
		return nil, fmt.Errorf("cannot watch the logs: %w", err)
	}
	unix.CloseOnExec(kq)
	w := &kernelWaiter{kq: kq}
	w.idle = sync.NewCond(&w.mu)
	if err := unix.Pipe(w.wakeUp[:]); err != nil {
		unix.Close(kq)
		return nil, fmt.Errorf("cannot watch the logs: %w", err)
	}
	for _, fd := range w.wakeUp {
		unix.CloseOnExec(fd)
		unix.SetNonblock(fd, true)
	}
	return w, w.add(w.wakeUp[0], unix.EVFILT_READ, unix.EV_ADD, 0)
}

func (w *kernelWaiter) add(fd, filter, flags int, notes uint32) error {
	var change [1]unix.Kevent_t
	unix.SetKevent(&change[0], fd, filter, flags)
	change[0].Fflags = notes
	_, err := unix.Kevent(w.kq, change[:], nil, nil)
	return err
}

// ArmFile asks for one event when the open file is next written or truncated.
func (w *kernelWaiter) ArmFile(fd FD, path string) (int, error) {
	err := w.add(int(fd), unix.EVFILT_VNODE, unix.EV_ADD|unix.EV_ONESHOT, unix.NOTE_WRITE|unix.NOTE_EXTEND|unix.NOTE_ATTRIB)
	if err != nil {
		return -1, fmt.Errorf("cannot watch %s: %w", path, err)
	}
	return int(fd), nil
}

// Disarm takes back what ArmFile asked for.
func (w *kernelWaiter) Disarm(wd int) { w.add(wd, unix.EVFILT_VNODE, unix.EV_DELETE, 0) }

// WatchDir asks for an event whenever a name comes or goes in dir.
func (w *kernelWaiter) WatchDir(dir string) (int, error) {
	fd, err := OpenFD(dir, unix.O_EVTONLY)
	if err != nil {
		return -1, err
	}
	if err := w.add(int(fd), unix.EVFILT_VNODE, unix.EV_ADD|unix.EV_CLEAR, unix.NOTE_WRITE|unix.NOTE_DELETE|unix.NOTE_RENAME); err != nil {
		fd.Close()
		return -1, fmt.Errorf("cannot watch %s: %w", dir, err)
	}
	w.mu.Lock()
	w.dirs = append(w.dirs, int(fd))
	w.mu.Unlock()
	return int(fd), nil
}

// Wait returns when there is an event, after d (never if d is negative), or on
// Wake. It calls event for each file or folder that had one; gone says that
// its watch has ended.
func (w *kernelWaiter) Wait(d time.Duration, event func(wd int, gone bool)) error {
	w.mu.Lock()
	if w.shut {
		w.mu.Unlock()
		return os.ErrClosed
	}
	w.busy = true
	w.mu.Unlock()
	var timeout *unix.Timespec
	if d >= 0 {
		ts := unix.NsecToTimespec(d.Nanoseconds())
		timeout = &ts
	}
	n, err := unix.Kevent(w.kq, nil, w.events[:], timeout)
	events := w.events[:max(n, 0)]
	for _, e := range events {
		if int(e.Ident) == w.wakeUp[0] {
			var b [64]byte
			unix.Read(w.wakeUp[0], b[:])
		}
	}
	w.mu.Lock()
	w.busy = false
	w.idle.Broadcast()
	w.mu.Unlock()
	if err != nil && err != unix.EINTR {
		return err
	}
	for _, e := range events {
		if int(e.Ident) != w.wakeUp[0] {
			event(int(e.Ident), e.Fflags&(unix.NOTE_DELETE|unix.NOTE_RENAME) != 0)
		}
	}
	return nil
}

// Wake ends the current wait, or else the next one.
func (w *kernelWaiter) Wake() { unix.Write(w.wakeUp[1], []byte{0}) }

// Close ends a wait under way, with os.ErrClosed, and gives back what the waiter holds.
func (w *kernelWaiter) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shut = true
	for w.busy {
		w.Wake()
		w.idle.Wait()
	}
	for _, fd := range append(w.dirs, w.kq, w.wakeUp[0], w.wakeUp[1]) {
		unix.Close(fd)
	}
}
