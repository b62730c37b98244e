package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

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

	// Report, if not nil, is told what went wrong and is tried again.
	Report func(error)

	write func(fd follow.FD, b []byte) error // appends to the unified log
	at    func(moment string)                // told each step of a rotation
}

// Unifier writes the unified log. Its methods may be called from several
// goroutines, before Run and while it runs.
type Unifier struct {
	opts   Options
	waiter *follow.Waiter

	mu      sync.Mutex
	closed  bool
	check   *checkpoint
	sources []*source
	unified follow.FD
	inode   follow.Inode
	index   timeIndex
	open    *source // whose line the unified log ends in; nil: none
	in, out []byte
	now     time.Time
	used    int       // of the buffers, since they were given back
	moved   int       // bytes, in this step
	failed  time.Time // when it could not be written; zero: it could
	byWatch map[int]*source
	dirs    map[string]watchedDir
	recheck bool // names came or went
}

// watchedDir is a folder whose names the kernel tells of.
type watchedDir struct {
	wd    int // what the kernel calls it
	inode follow.Inode
}

// NewUnifier opens the logs and completes what a killed unifier left undone.
// Only one unifier at a time may have the same files: the caller sees to that.
// Run or Close gives back what it holds.
func NewUnifier(opts Options) (*Unifier, error) {
	if opts.write == nil {
		opts.write = follow.FD.Write
	}
	if opts.at == nil {
		opts.at = func(string) {}
	}
	u := &Unifier{opts: opts, unified: -1, now: time.Now(), byWatch: map[int]*source{}, dirs: map[string]watchedDir{}}
	if err := u.start(); err != nil {
		u.release()
		return nil, err
	}
	return u, nil
}

func (u *Unifier) start() error {
	if err := os.MkdirAll(filepath.Dir(u.opts.Unified), 0o755); err != nil {
		return fmt.Errorf("cannot write the unified log: %w", err)
	}
	var err error
	if u.in, err = anonymous(block + follow.AnchorSize); err != nil {
		return err
	}
	if u.out, err = anonymous(block + block/2); err != nil {
		return err
	}
	if u.check, err = openCheckpoint(u.opts.Checkpoint); err != nil {
		return err
	}
	if err = u.openUnified(); err != nil {
		return err
	}
	if err = u.recover(); err != nil {
		return err
	}
	if u.waiter, err = follow.NewWaiter(); err != nil {
		return err
	}
	return u.watchDir(u.opts.Unified)
}

// openUnified opens the unified log at its path.
func (u *Unifier) openUnified() error {
	fd, err := follow.OpenFD(u.opts.Unified, unix.O_RDWR|unix.O_APPEND|unix.O_CREAT)
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
	return u.index.open(u.opts.Unified, inode, size)
}

// Add follows a source from where the checkpoint says, or else from its
// beginning. Its file need not exist yet.
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
	i, err := u.check.find(src)
	if err != nil {
		return err
	}
	s := &source{Source: src, prefix: Prefix(src.Name), entry: i, hot: true, wd: -1}
	u.sources = append(u.sources, s)
	err = u.watchDir(src.Path)
	if err == nil || errors.Is(err, os.ErrNotExist) {
		err = u.resume(s)
	}
	if err != nil {
		s.failed = u.now
	}
	return err
}

// Remove writes what is left of a source, its unfinished line too, and follows
// it no longer. The checkpoint keeps its position.
func (u *Unifier) Remove(path string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return errClosed
	}
	u.now = time.Now()
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

func (u *Unifier) drainAll(ctx context.Context) error {
	u.now = time.Now()
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
	if u.check != nil {
		u.check.close()
	}
	if u.waiter != nil {
		u.waiter.Close()
	}
	for _, b := range [][]byte{u.in, u.out} {
		if b != nil {
			unix.Munmap(b[:cap(b)])
		}
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
	s.close()
}

func (u *Unifier) report(err error) {
	if err != nil && u.opts.Report != nil {
		u.opts.Report(err)
	}
}

// anonymous returns memory outside of Go's heap, so that a buffer that was
// used once can be given back to the system.
func anonymous(n int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("cannot get %d bytes of memory: %w", n, err)
	}
	return b, nil
}
