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

	"muster/internal/events"
	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/plan"
	"muster/internal/proc"
)

// supervisorName is the supervisor's own name in the unified log.
const supervisorName = "supervisor"

// supervisor runs the processes of one project. Its exported methods may be
// called concurrently.
type supervisor struct {
	local   local.Dir
	lock    *os.File
	id      proc.Identity
	log     io.Writer // lines about what it does
	unifier *logs.Unifier
	ending  bool // it is here to end processes, and starts none

	ctx    context.Context // ends with the supervisor; the processes stay
	cancel context.CancelFunc
	tasks  sync.WaitGroup // the supervisor's own goroutines

	greeted   atomic.Bool              // events have been sent to somebody
	environ   atomic.Pointer[[]string] // of the shell that was last told of; nil: our own
	filesGone chan struct{}            // somebody removes files of ours, and the lock perhaps
	finishing sync.Once
	over      chan struct{} // closed when it is to end
	closing   sync.Once
	closed    error

	journal *events.Journal
	unheard atomic.Bool // the journal cannot be written

	pidFile   sync.Mutex // held while one is written
	stateFile sync.Mutex // held while it is written: the newest is the last

	alone sync.Map // the processes that were named as left alone, by proc.Identity

	op sync.Mutex // held by an operation that starts processes: one at a time

	mu      sync.Mutex
	config  string
	procs   []*process // in the order of their start
	changed chan struct{}
	dirty   chan struct{} // state.json is to be written
	turns
}

// open takes over a project, whose lock the caller holds: processes that an
// earlier supervisor left are adopted, and its orphans ended. Close releases it.
// One that is here for the ending alone starts no process.
func open(dir local.Dir, lock *os.File, log io.Writer, opts logs.Options, ending bool) (*supervisor, error) {
	id, err := proc.Identify(os.Getpid())
	if err != nil {
		return nil, err
	}
	st, err := loadState(dir)
	damaged := err != nil
	if damaged {
		// What it says can't be trusted; the marks of the processes can.
		fmt.Fprintf(log, "[WARN] state ignored: %v\n", err)
	}
	s := &supervisor{
		local: dir, lock: lock, id: id, log: log, ending: ending, config: st.Config,
		changed: make(chan struct{}), dirty: make(chan struct{}, 1), over: make(chan struct{}), filesGone: make(chan struct{}, 1),
		turns:   turns{quiet: time.NewTimer(quietTime)},
		journal: events.Of(dir),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.unifier = openLogs(s, opts)
	s.followLog(logs.Source{Name: supervisorName, Path: dir.Log(supervisorName)})
	if !ending {
		s.record(events.Event{Kind: events.Supervisor, State: "started", PID: id.PID})
	}
	s.takeOver(st, damaged)
	if !ending {
		s.saveState() // a trace of what it starts, should it be killed before that is written down
	}
	s.resumeRolls()
	s.tasks.Go(s.keepState)
	s.tasks.Go(func() {
		if err := s.unifier.Run(s.ctx); err != nil {
			fmt.Fprintf(s.log, "[ERROR] unified log: %v\n", err)
		}
	})
	return s, nil
}

// Close stops supervising. Processes that run go on; with none left, every
// file that speaks of them goes too.
func (s *supervisor) Close() error {
	s.closing.Do(func() { s.closed = s.close() })
	return s.closed
}

func (s *supervisor) close() error {
	s.retire()
	s.cancel()
	for _, p := range s.processes() {
		<-p.done
	}
	s.tasks.Wait()
	switch {
	case !s.holdsLock(): // the files are gone, or another supervisor's
	case !s.idle():
		s.saveState() // with what started in the last moment
	default:
		files := append(s.local.PidFiles(), local.Temporary(s.local.Run())...)
		for _, f := range append(files, s.local.State(), s.local.Socket()) {
			if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
				fmt.Fprintf(s.log, "[WARN] %v\n", err) // all has ended nevertheless
			}
		}
	}
	if !s.ending {
		s.record(events.Event{Kind: events.Supervisor, State: "ended", PID: s.id.PID})
	}
	s.journal.Close()
	return s.lock.Close()
}

func (s *supervisor) configFile() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config
}

// idle tells whether nothing runs and nothing is wanted.
func (s *supervisor) idle() bool { return idle(s.processes()) }

func idle(procs []*process) bool { return !slices.ContainsFunc(procs, running) }

// running tells of a process that runs, or is to.
func running(p *process) bool {
	now := p.snapshot()
	return now.wanted || now.id.PID != 0
}

func (s *supervisor) processes() []*process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.procs)
}

// changedState tells the world what has changed of a process: its pid file, the
// supervisor's log, state.json and all that wait.
func (s *supervisor) changedState(p *process, from, to *snapshot) {
	if from.id != to.id {
		s.writePID(p)
	}
	if from.state != to.state || from.stuck != to.stuck && to.stuck {
		fmt.Fprintln(s.log, describe(p.spec, *to))
	}
	if from.state != to.state || from.id != to.id || from.detail != to.detail {
		s.record(stateEvent(p.spec, from, to))
	}
	s.mu.Lock()
	s.notify()
	s.mu.Unlock()
	s.markDirty()
	if from.stuck && !to.stuck { // a stop has given up waiting for it
		go s.endIfIdle()
	}
}

func describe(p plan.Process, now snapshot) string {
	level := "INFO"
	switch now.state {
	case Unhealthy, Backoff:
		level = "WARN"
	case Failed:
		level = "ERROR"
	}
	what := string(now.state)
	if now.state == Starting && now.adopted {
		what = "adopted"
	}
	line := fmt.Sprintf("[%s] %s %s", level, p.Name, what)
	if now.state == Starting && now.id.PID != 0 {
		line += fmt.Sprintf(" (pid %d)", now.id.PID)
	}
	if now.detail != "" {
		line += ": " + now.detail
	}
	return line
}
