package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"muster/internal/logs/follow"
)

const (
	// poll is how often a source is read while lines keep coming: as rare as a
	// delay of some milliseconds allows.
	poll = 2 * time.Millisecond
	// quiet is how long a source has to be silent to be left to the kernel
	// again. Arming costs the writer's next line some microseconds.
	quiet = 20 * time.Millisecond
	// busyPoll is the same when more comes than anyone reads along: fewer,
	// larger reads leave more of the CPUs to the writers.
	busyPoll = 5 * time.Millisecond
	busyRate = 128 << 10 // bytes between two polls
	// retry is the pause after the unified log could not be written, as on a
	// full disk, or a source not be read.
	retry = time.Second
	// blindPoll is how often a quiet source is read of which the kernel does
	// not tell.
	blindPoll = 100 * time.Millisecond
	// blindFor is the pause after the kernel had no watch for us.
	blindFor = 30 * time.Second
	// drainFor is how long the end of a source, or of all, is written for. The
	// next unifier goes on.
	drainFor = 5 * time.Second
	// block is what is read and written at once: it stays in the CPU's cache.
	block = 256 << 10
	// turn is how many blocks of all sources are written, one of each at
	// least, before the kernel is asked what else has changed.
	turn = 12
)

// Options configure a Unifier.
type Options struct {
	Unified    string // absolute path of the unified log
	Checkpoint string // absolute path of the file that keeps the positions

	MaxSize  int64 // bytes a file may reach before it is rotated; 0: never
	MaxFiles int   // rotated files kept of each

	// Report, if not nil, is told what went wrong, once until it is well or
	// another. The unifier does without and tries again.
	Report func(error)
	// Removed, if not nil, is told that somebody has removed the unified log,
	// before it is made anew, and tells whether it may be: by now the place may be
	// another's.
	Removed func() (ours bool)

	write  func(fd follow.FD, b []byte) error // appends to the unified log
	at     func(moment string)                // told each step of a rotation
	waiter func() (follow.Waiter, error)
}

// Unifier writes the unified log. Its methods may be called from several
// goroutines, before Run and while it runs.
type Unifier struct {
	opts Options
	troubles

	mu      sync.Mutex
	waiter  follow.Waiter
	blind   time.Time // since when the waiter is none of the kernel's; zero: it is one
	closed  bool
	check   *checkpoint
	sources []*source
	unified follow.FD // -1: it could not be opened yet
	begun   bool      // what a killed unifier left undone is done
	inode   follow.Inode
	index   timeIndex
	open    *source // whose line the unified log ends in; nil: none
	in, out []byte
	now     time.Time
	used    int       // of the buffers, since they were given back
	moved   int       // bytes, in this step
	failed  time.Time // when it could not be written; zero: it could
	noTurn  time.Time // until when it is not rotated, as that failed
	late    time.Time // when the draining under way is given up; zero: none is
	byWatch map[int]*source
	dirs    map[string]watchedDir
	recheck bool      // names came or went
	names   time.Time // when they are looked at, since the kernel does not tell; zero: it does
}

// watchedDir is a folder whose names the kernel tells of.
type watchedDir struct {
	wd    int // what the kernel calls it
	inode follow.Inode
}

// NewUnifier opens the logs and completes what a killed unifier left undone.
// What cannot be opened is done without, reported, and tried again. Only one
// unifier at a time may have the same files: the caller sees to that. Run or
// Close gives back what it holds.
func NewUnifier(opts Options) *Unifier {
	if opts.write == nil {
		opts.write = follow.FD.Write
	}
	if opts.at == nil {
		opts.at = func(string) {}
	}
	if opts.waiter == nil {
		opts.waiter = follow.NewWaiter
	}
	u := &Unifier{opts: opts, troubles: troubles{report: opts.Report}, unified: -1, now: time.Now(),
		in: anonymous(block + follow.AnchorSize), out: anonymous(block + block/2),
		byWatch: map[int]*source{}, dirs: map[string]watchedDir{}}
	u.check = &checkpoint{fd: -1, pending: true}
	u.see()
	u.lookAtUnified()
	return u
}

// see gets a waiter of the kernel's, or else one that leaves looking for
// changes to us.
func (u *Unifier) see() {
	w, err := u.opts.waiter()
	if err != nil {
		u.turnBlind(err)
		return
	}
	u.set(ofWatch, nil)
	u.blind = time.Time{}
	u.useWaiter(w)
}

// turnBlind goes on without the kernel, which err is about.
func (u *Unifier) turnBlind(err error) {
	u.set(ofWatch, fmt.Errorf("%w; they are read ten times a second instead", err))
	u.blind = u.now
	u.useWaiter(follow.NewSleeper())
}

func (u *Unifier) useWaiter(w follow.Waiter) {
	if u.waiter != nil {
		u.waiter.Close()
	}
	u.waiter, u.recheck = w, true
	clear(u.byWatch)
	clear(u.dirs)
	for _, s := range u.sources {
		s.hot, s.wd = true, -1
	}
}

// openUnified opens the unified log at its path.
func (u *Unifier) openUnified() error {
	fd, err := follow.OpenRegular(u.opts.Unified, os.O_RDWR|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return fmt.Errorf("cannot write the unified log: %w", err)
	}
	inode, size, err := fd.Stat()
	if err != nil {
		fd.Close()
		return fmt.Errorf("cannot write the unified log: %w", err)
	}
	if u.unified >= 0 {
		u.unified.Close()
	}
	u.unified, u.inode = fd, inode
	u.set(ofIndex, u.index.open(u.opts.Unified, inode, size))
	return nil
}

// Add follows a source from where the checkpoint says, or else from its
// beginning. Its file need not exist yet, nor be one that can be read.
func (u *Unifier) Add(src Source) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return errClosed
	}
	defer u.waiter.Wake()
	for _, s := range u.sources {
		if s.Path == src.Path && !s.old {
			s.Source, s.prefix = src, Prefix(src.Name)
			u.recheck = true
			return nil
		}
	}
	if err := fits(src); err != nil {
		return err
	}
	s := &source{Source: src, prefix: Prefix(src.Name), entry: noEntry, hot: true, wd: -1}
	u.sources = append(u.sources, s)
	u.watch(src.Path)
	if err := u.resume(s); err != nil {
		u.fail(s, err)
	}
	return nil
}

// Remove writes what is left of a source, its unfinished line too, and follows
// it no longer. The checkpoint keeps its position.
func (u *Unifier) Remove(path string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return errClosed
	}
	defer u.hurry()()
	u.lookAgain()
	var errs []error
	kept := u.sources[:0]
	for _, s := range u.sources {
		if s.Path != path {
			kept = append(kept, s)
			continue
		}
		errs = append(errs, u.drain(s, endLine))
		u.forget(s)
	}
	clear(u.sources[len(kept):])
	u.sources = kept
	return errors.Join(errs...)
}

// Drain returns when all that is in the files now is in the unified log.
func (u *Unifier) Drain(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return errClosed
	}
	return u.drainAll(ctx)
}

var errClosed = errors.New("the unified log is closed")

// hurry sets how long a draining may take, until the returned function is
// called.
func (u *Unifier) hurry() (end func()) {
	u.now = time.Now()
	u.late = u.now.Add(drainFor)
	return func() { u.late = time.Time{} }
}

func (u *Unifier) drainAll(ctx context.Context) error {
	defer u.hurry()()
	u.lookAgain()
	var errs []error
	for _, s := range u.sources {
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		errs = append(errs, u.drain(s, endMark))
	}
	return errors.Join(errs...)
}

// Close gives back what the unifier holds; it writes nothing more.
func (u *Unifier) Close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.release()
}

func (u *Unifier) release() {
	if u.closed {
		return
	}
	u.closed = true
	for _, s := range u.sources {
		s.close()
	}
	u.sources = nil
	if u.unified >= 0 {
		u.unified.Close()
	}
	u.index.close()
	u.check.close()
	u.waiter.Close()
	for _, b := range [][]byte{u.in, u.out} {
		release(b[:cap(b)])
	}
	u.in, u.out = nil, nil
}

// forget ends the watch of s and closes its file.
func (u *Unifier) forget(s *source) {
	if u.open == s {
		u.open = nil
	}
	if u.byWatch[s.wd] == s {
		delete(u.byWatch, s.wd)
		u.waiter.Disarm(s.wd)
	}
	if !s.old {
		u.set(s.Path, nil)
		u.set(ofRotation+s.Path, nil)
		u.set(ofWatch+s.Path, nil)
	}
	s.close()
}
