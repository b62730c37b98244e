package follow

import (
	"errors"
	"os"
	"sync"
	"time"
)

// Waiter waits for changes of files and folders. Its methods may be called
// while another goroutine waits.
type Waiter interface {
	// ArmFile asks for one event when the open file is next written or
	// truncated, and returns what the event will call it.
	ArmFile(fd FD, path string) (wd int, err error)
	// Disarm takes back what ArmFile asked for.
	Disarm(wd int)
	// WatchDir asks for an event whenever a name comes or goes in dir.
	WatchDir(dir string) (wd int, err error)
	// Wait returns when there is an event, after d (never if d is negative), or
	// on Wake. It calls event for each file or folder that had one; gone says
	// that its watch has ended. A wd of -1 says that events were dropped.
	Wait(d time.Duration, event func(wd int, gone bool)) error
	// Wake ends the current wait, or else the next one.
	Wake()
	// Close ends a wait under way, with os.ErrClosed, and gives back what the
	// waiter holds.
	Close()
}

// ErrBlind says that a Sleeper hears of no change.
var ErrBlind = errors.New("changes are looked for from time to time")

// Sleeper is the waiter of those whom the kernel gives none: it sleeps and can
// be woken, and who uses it looks for changes itself.
type Sleeper struct {
	wake  chan struct{}
	close sync.Once
	done  chan struct{}
}

// NewSleeper returns one.
func NewSleeper() *Sleeper {
	return &Sleeper{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// ArmFile returns ErrBlind.
func (s *Sleeper) ArmFile(FD, string) (int, error) { return -1, ErrBlind }

// Disarm does nothing.
func (s *Sleeper) Disarm(int) {}

// WatchDir returns ErrBlind.
func (s *Sleeper) WatchDir(string) (int, error) { return -1, ErrBlind }

// Wait sleeps.
func (s *Sleeper) Wait(d time.Duration, _ func(int, bool)) error {
	var over <-chan time.Time
	if d >= 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-over:
	case <-s.wake:
	case <-s.done:
		return os.ErrClosed
	}
	return nil
}

// Wake ends the current sleep, or else the next one.
func (s *Sleeper) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close ends a sleep under way.
func (s *Sleeper) Close() { s.close.Do(func() { close(s.done) }) }
