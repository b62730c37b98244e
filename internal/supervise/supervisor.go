// Package supervise runs a plan: it starts processes, keeps them running,
// tells how they are and ends them.
//
// The supervisor is a process of its own that outlives the command which
// started it, and that may itself be killed at any moment. Nothing depends on
// its life: children write to their own files, what runs is on disk, and the
// next command finds every process by its pid and start time and takes it
// over. docs/architecture.md tells the flow of a start, a crash and an
// adoption.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/plan"
)

// SupervisorName is the supervisor's own name in the unified log.
const SupervisorName = "supervisor"

// Supervisor runs the processes of one project. Its exported methods may be
// called concurrently.
type Supervisor struct {
	local   local.Dir
	lock    *os.File
	id      Identity
	log     io.Writer // lines about what it does
	unifier *logs.Unifier
	ending  bool // it is here to end processes, and starts none

	ctx    context.Context // ends with the supervisor; the processes stay
	cancel context.CancelFunc
	tasks  sync.WaitGroup // the supervisor's own goroutines

	greeted atomic.Bool // events have been sent to somebody
	closing sync.Once
	closed  error

	pidFile sync.Mutex // held while one is written

	op sync.Mutex // held by an operation that starts processes: one at a time

	mu      sync.Mutex
	config  string
	procs   []*process // in the order of their start
	changed chan struct{}
	dirty   chan struct{} // state.json is to be written
	turns
}

// Open takes over a project, whose lock the caller holds: processes that an
// earlier supervisor left are adopted, and its orphans ended. Close releases it.
func Open(dir local.Dir, lock *os.File, log io.Writer, opts logs.Options) (*Supervisor, error) {
	return open(dir, lock, log, opts, false)
}

func open(dir local.Dir, lock *os.File, log io.Writer, opts logs.Options, ending bool) (*Supervisor, error) {
	id, err := identify(os.Getpid())
	if err != nil {
		return nil, err
	}
	st, err := loadState(dir)
	damaged := err != nil
	if damaged {
		// What it says can't be trusted; the marks of the processes can.
		fmt.Fprintf(log, "[WARN] state ignored: %v\n", err)
	}
	opts.Unified, opts.Checkpoint = dir.Unified(), dir.Checkpoint()
	unifier, err := logs.NewUnifier(opts)
	if err != nil {
		return nil, fmt.Errorf("unified log: %w", err)
	}
	s := &Supervisor{
		local: dir, lock: lock, id: id, log: log, unifier: unifier, ending: ending, config: st.Config,
		changed: make(chan struct{}), dirty: make(chan struct{}, 1),
		turns: turns{settled: time.NewTimer(settleTime)},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.followLog(logs.Source{Name: SupervisorName, Path: dir.Log(SupervisorName)})
	s.adoptAll(st, damaged)
	s.tasks.Go(s.keepState)
	s.tasks.Go(func() {
		if err := s.unifier.Run(s.ctx); err != nil {
			fmt.Fprintf(s.log, "[ERROR] unified log: %v\n", err)
		}
	})
	return s, nil
}

// adoptAll finds what the state on disk says and what lives of it. What lives
// beside that is ended.
func (s *Supervisor) adoptAll(st savedState, damaged bool) {
	known := map[int]bool{}
	// An orderly stop leaves neither: without them nothing can be there.
	pidFiles := s.local.PidFiles()
	suspect := damaged || len(st.Processes) > 0 || st.Supervisor.PID != 0 || len(pidFiles) > 0
	for _, f := range pidFiles { // those of the living are written again
		os.Remove(f)
	}
	for _, saved := range st.Processes {
		p := newProcess(s, saved.Process)
		s.procs = append(s.procs, p)
		s.follow(p.spec)
		p.now.restarts, p.now.since = saved.Restarts, saved.Since
		if saved.ID.PID == 0 {
			continue
		}
		c, err := adopt(saved.ID)
		if err != nil {
			p.now.detail = "ended while no supervisor ran"
			continue
		}
		known[saved.ID.PID] = true
		p.now.adopted, p.now.wanted, p.now.state, p.now.id = true, true, Starting, c.id
		if p.spec.Listen {
			p.socket = c.inheritSocket(p.spec.Port)
		}
		p.tend(c)
		s.writePID(p)
		fmt.Fprintf(s.log, "[INFO] %s adopted (pid %d)\n", p.spec.Name, c.id.PID)
	}
	if suspect {
		if n := endOrphans(s.local, known, 3*time.Second); n > 0 {
			fmt.Fprintf(s.log, "[WARN] ended %d orphaned processes\n", n)
		}
	}
	for _, p := range s.procs {
		go p.run()
	}
}

// Close stops supervising. Processes that run go on; with none left, every
// file that speaks of them goes too.
func (s *Supervisor) Close() error {
	s.closing.Do(func() { s.closed = s.close() })
	return s.closed
}

func (s *Supervisor) close() error {
	s.mu.Lock()
	s.retired = true
	s.mu.Unlock()
	s.cancel()
	for _, p := range s.processes() {
		<-p.done
	}
	s.tasks.Wait()
	var err error
	if !s.idle() {
		s.saveState() // with what started in the last moment
	} else {
		files := append(s.local.PidFiles(), local.Temporary(s.local.Run())...)
		for _, f := range append(files, s.local.State(), s.local.Socket()) {
			if e := os.Remove(f); e != nil && !errors.Is(e, os.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}
	return errors.Join(err, s.lock.Close())
}

// idle tells whether nothing runs and nothing is wanted.
func (s *Supervisor) idle() bool { return idle(s.processes()) }

func idle(procs []*process) bool {
	return !slices.ContainsFunc(procs, func(p *process) bool {
		now := p.snapshot()
		return now.wanted || now.id.PID != 0
	})
}

func (s *Supervisor) processes() []*process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.procs)
}

func (s *Supervisor) find(name string) *process {
	for _, p := range s.processes() {
		if p.spec.Name == name {
			return p
		}
	}
	return nil
}

// changes returns a channel that is closed at the next change of any state or turn.
func (s *Supervisor) changes() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// stateChanged tells the world of a process's new state: its pid file, the
// supervisor's log, state.json and all that wait.
func (s *Supervisor) stateChanged(p *process, from, to snapshot) {
	if from.id != to.id {
		s.writePID(p)
	}
	if from.state != to.state {
		fmt.Fprintln(s.log, describe(p.spec, to))
	}
	s.mu.Lock()
	s.notify()
	s.mu.Unlock()
	s.markDirty()
}

// notify wakes all that wait for a change. The caller holds mu.
func (s *Supervisor) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// follow makes a process's logs part of the unified one.
func (s *Supervisor) follow(p plan.Process) {
	s.followLog(logs.Source{Name: p.Name, Path: p.Log})
	for _, f := range p.Files {
		s.followLog(logs.Source{Name: p.Name, Path: f.Path, RotateOnly: !f.Unified})
	}
}

// unfollow is for a process that has left the plan.
func (s *Supervisor) unfollow(p plan.Process) {
	for _, f := range append([]plan.LogFile{{Path: p.Log}}, p.Files...) {
		if err := s.unifier.Remove(f.Path); err != nil {
			fmt.Fprintf(s.log, "[WARN] unified log: %v\n", err)
		}
	}
}

// followLog follows one log. That it can't is no reason not to run the process.
func (s *Supervisor) followLog(src logs.Source) {
	if err := s.unifier.Add(src); err != nil {
		fmt.Fprintf(s.log, "[WARN] unified log: %v\n", err)
	}
}

// writePID makes the pid file of a process say what is so now.
func (s *Supervisor) writePID(p *process) {
	s.pidFile.Lock()
	defer s.pidFile.Unlock()
	file, pid := s.local.Pid(p.spec.Name), p.snapshot().id.PID
	var err error
	if pid == 0 {
		if err = os.Remove(file); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	} else {
		err = local.Replace(file, fmt.Appendf(nil, "%d\n", pid), 0o600)
	}
	if err != nil {
		fmt.Fprintf(s.log, "[WARN] %v\n", err)
		time.AfterFunc(fileRetry, func() {
			if s.find(p.spec.Name) == p {
				s.writePID(p)
			}
		})
	}
}

// fileRetry is the pause before a file is written again, where the disk may be
// full for a while.
const fileRetry = time.Second

func describe(p plan.Process, now snapshot) string {
	level := "INFO"
	switch now.state {
	case Unhealthy, Backoff:
		level = "WARN"
	case Failed:
		level = "ERROR"
	}
	line := fmt.Sprintf("[%s] %s %s", level, p.Name, now.state)
	if now.state == Starting && now.id.PID != 0 {
		line += fmt.Sprintf(" (pid %d)", now.id.PID)
	}
	if now.detail != "" {
		line += ": " + now.detail
	}
	return line
}

func (s *Supervisor) markDirty() {
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

// keepState writes state.json after changes, however many came at once. What
// starts in the moment before the write is found by its mark.
func (s *Supervisor) keepState() {
	for {
		select {
		case <-s.dirty:
			s.saveState()
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Supervisor) saveState() {
	s.mu.Lock()
	st := savedState{Supervisor: s.id, Config: s.config}
	procs := slices.Clone(s.procs)
	s.mu.Unlock()
	for _, p := range procs {
		now := p.snapshot()
		st.Processes = append(st.Processes, savedProcess{Process: p.spec, ID: now.id, Since: now.since,
			Restarts: now.restarts, State: now.state, Wanted: now.wanted})
	}
	if err := st.save(s.local); err != nil {
		fmt.Fprintf(s.log, "[WARN] state not written: %v\n", err)
		time.AfterFunc(fileRetry, s.markDirty)
	}
}

// await blocks until ok is true of the snapshots of procs, or ctx ends.
func (s *Supervisor) await(ctx context.Context, procs []*process, ok func(snapshot) bool) error {
	return s.awaitAll(ctx, func() bool {
		return !slices.ContainsFunc(procs, func(p *process) bool { return !ok(p.snapshot()) })
	})
}
