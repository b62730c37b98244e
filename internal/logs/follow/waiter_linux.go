package follow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// kernelWaiter is a Waiter by inotify(7) behind the Go
// poller, so that waiting takes no thread.
type kernelWaiter struct {
	fd   int
	file *os.File
	buf  [8192]byte

	mu    sync.Mutex
	woken bool
}

// NewWaiter returns a waiter that nothing was asked of yet.
func NewWaiter() (Waiter, error) {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("cannot watch the logs (inotify: fs.inotify.max_user_instances may be too low): %w", err)
	}
	return &kernelWaiter{fd: fd, file: os.NewFile(uintptr(fd), "inotify")}, nil
}

// ArmFile asks for one event when the open file is next written or truncated,
// or a writer closes it.
// A watch that stays would cost the writers a third of their speed.
func (w *kernelWaiter) ArmFile(fd FD, path string) (int, error) {
	// The descriptor leads to the file even when it was removed or renamed.
	const mask = unix.IN_MODIFY | unix.IN_CLOSE_WRITE | unix.IN_ONESHOT
	wd, err := unix.InotifyAddWatch(w.fd, "/proc/self/fd/"+strconv.Itoa(int(fd)), mask)
	if err == unix.ENOENT || err == unix.EACCES {
		wd, err = unix.InotifyAddWatch(w.fd, path, mask)
	}
	if err != nil {
		return -1, fmt.Errorf("cannot watch %s: %w", path, err)
	}
	return wd, nil
}

// Disarm takes back what ArmFile asked for.
func (w *kernelWaiter) Disarm(wd int) { unix.InotifyRmWatch(w.fd, uint32(wd)) }

// WatchDir asks for an event whenever a name comes or goes in dir.
func (w *kernelWaiter) WatchDir(dir string) (int, error) {
	const mask = unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO | unix.IN_ONLYDIR
	wd, err := unix.InotifyAddWatch(w.fd, dir, mask)
	if err != nil {
		return -1, fmt.Errorf("cannot watch %s: %w", dir, err)
	}
	return wd, nil
}

// Wait returns when there is an event, after d (never if d is negative), or on
// Wake. It calls event for each file or folder that had one; gone says that
// its watch has ended. A wd of -1 says that events were dropped.
func (w *kernelWaiter) Wait(d time.Duration, event func(wd int, gone bool)) error {
	n, err := w.read(d)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	for b := w.buf[:n]; len(b) >= unix.SizeofInotifyEvent; {
		wd := int(int32(binary.NativeEndian.Uint32(b)))
		mask := binary.NativeEndian.Uint32(b[4:])
		b = b[unix.SizeofInotifyEvent+binary.NativeEndian.Uint32(b[12:]):]
		event(wd, mask&unix.IN_IGNORED != 0)
	}
	return nil
}

// read reads the events into the buffer.
func (w *kernelWaiter) read(d time.Duration) (n int, err error) {
	w.mu.Lock()
	if w.woken {
		d = 0
	}
	w.woken = false
	if d == 0 {
		w.mu.Unlock()
		return w.look()
	}
	var deadline time.Time
	if d > 0 {
		deadline = time.Now().Add(d)
	}
	err = w.file.SetReadDeadline(deadline)
	w.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return w.file.Read(w.buf[:])
}

// look reads the events that are there. The poller reads nothing after its
// deadline, so it is not asked.
func (w *kernelWaiter) look() (n int, err error) {
	conn, err := w.file.SyscallConn()
	if err != nil {
		return 0, err
	}
	if e := conn.Control(func(fd uintptr) { n, err = unix.Read(int(fd), w.buf[:]) }); e != nil {
		return 0, e
	}
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		err = nil
	}
	return max(n, 0), err
}

// Wake ends the current wait, or else the next one.
func (w *kernelWaiter) Wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.woken = true
	w.file.SetReadDeadline(time.Unix(1, 0))
}

// Close ends a wait under way, with os.ErrClosed, and gives back what the waiter holds.
func (w *kernelWaiter) Close() { w.file.Close() }
