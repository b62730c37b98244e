package supervise

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"

	"muster/internal/plan"
	"muster/internal/proc"
)

// State is where a process is in its life. docs/architecture.md draws the
// states and what leads from one to another.
type State string

// The states, as `backend:status -json` names them.
const (
	Stopped   State = "stopped"   // not wanted, or ended and not to be restarted
	Starting  State = "starting"  // runs, or waits for what it depends on, and was not healthy yet
	Healthy   State = "healthy"   // answers its health check
	Unhealthy State = "unhealthy" // runs and does not answer as it should
	Backoff   State = "backoff"   // ended, waits for its next restart
	Failed    State = "failed"    // ended, and a restart was not wanted
	Stopping  State = "stopping"  // was told to end
)

// verb is what a process can be asked for.
type verb int

const (
	verbStart verb = iota
	verbStop
	verbRestart
)

// order asks a process for something. Whoever waits for the outcome watches
// the process's state.
type order struct {
	verb     verb
	timeout  time.Duration // verbStop, verbRestart: from SIGTERM to SIGKILL
	failFast bool          // verbStart: an end before the process is healthy is final
	taken    func()        // called once the process's state speaks of the order
}

// snapshot is a process as others see it.
type snapshot struct {
	state    State
	detail   string // why it is in that state; "" where there is nothing to say
	id       proc.Identity
	since    time.Time // of the running process's start
	restarts int
	adopted  bool
	wanted   bool
}

// process owns the life of one process: the goroutine in run starts it,
// watches it and ends it. Others send orders and read snapshots.
type process struct {
	sup  *supervisor
	spec plan.Process
	in   chan order
	done chan struct{} // closed when run has returned

	life  context.Context
	leave context.CancelFunc // ends run

	mu  sync.Mutex
	now snapshot

	// What follows belongs to run.
	child        *proc.Child
	socket       proc.Socket // of a process that gets its listening socket from us
	exited       chan proc.Exit
	checked      chan checkResult
	checks       context.Context    // of what looks after the running child
	endChecks    context.CancelFunc // ends that
	timer        *time.Timer        // wakes run in the states that end by time
	ticker       *time.Ticker       // looks at a reloader's worker, at its start and after one ended
	workerEnded  chan struct{}
	backoff      backoff
	failedChecks int    // in a row
	reason       string // why a child that is being ended must go; "" for a stop
	failFast     bool
	restarting   bool // the child that is being ended gets a successor
	workerDead   bool // the last look found a dead worker
}

func newProcess(s *supervisor, spec plan.Process) *process {
	life, leave := context.WithCancel(s.ctx)
	p := &process{
		sup: s, spec: spec, life: life, leave: leave,
		in: make(chan order), done: make(chan struct{}),
		exited: make(chan proc.Exit, 1), checked: make(chan checkResult), workerEnded: make(chan struct{}),
		socket: proc.NoSocket, timer: time.NewTimer(time.Hour),
		now: snapshot{state: Stopped},
	}
	p.timer.Stop()
	return p
}

func (p *process) snapshot() snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// run is the life of the process, until leave is called or the supervisor
// ends. It then leaves the child alone: a supervisor that goes away takes
// nothing with it.
func (p *process) run() {
	defer close(p.done)
	defer func() {
		p.stopChecks()
		p.socket.Close()
	}()
	for {
		// Only a process that waits for others has to hear of every change.
		var others <-chan struct{}
		if p.waits() {
			others = p.sup.changes()
			if p.blockedBy() == "" {
				p.launch()
				continue
			}
		}
		var tick <-chan time.Time
		if p.ticker != nil {
			tick = p.ticker.C
		}
		select {
		case <-p.life.Done():
			return
		case o := <-p.in:
			p.obey(o)
		case e := <-p.exited:
			p.onExit(e)
		case r := <-p.checked:
			p.onCheck(r)
		case <-p.timer.C:
			p.onTimer()
		case <-tick:
			p.lookForWorker()
		case <-p.workerEnded:
			p.onWorkerEnded()
		case <-others:
		}
	}
}

// setState is the one place where a process's state changes.
func (p *process) setState(to State, detail string) {
	p.mu.Lock()
	from := p.now
	p.now.state, p.now.detail = to, detail
	p.now.id = proc.Identity{}
	if p.child != nil {
		p.now.id = p.child.ID
	}
	now := p.now
	p.mu.Unlock()
	if from.state == to && from.detail == detail && from.id == now.id {
		return
	}
	p.sup.stateChanged(p, from, now)
}

func (p *process) update(change func(*snapshot)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.now)
}

func (p *process) obey(o order) {
	defer o.taken()
	switch o.verb {
	case verbStart:
		p.update(func(s *snapshot) { s.wanted = true })
		switch {
		case p.child == nil:
			p.failFast = o.failFast
			p.backoff.reset()
			p.start()
		case p.now.state == Stopping:
			p.restarting, p.failFast = true, o.failFast
		}
	case verbStop:
		p.update(func(s *snapshot) { s.wanted = false })
		p.restarting = false
		if p.child == nil {
			p.timer.Stop()
			p.closeSocket()
			p.setState(Stopped, "")
			return
		}
		p.reason = "" // it may be on its way to a restart
		p.end("", o.timeout)
	case verbRestart:
		p.update(func(s *snapshot) { s.wanted = true })
		p.failFast = o.failFast
		p.backoff.reset()
		if p.child == nil {
			p.start()
			return
		}
		p.restarting = true
		p.end("", o.timeout)
	}
}

// start launches the process, now or as soon as what it depends on is healthy.
func (p *process) start() {
	p.restarting = false
	p.timer.Stop()
	if p.sup.ending {
		return // the next supervisor starts it
	}
	if name := p.blockedBy(); name != "" {
		p.setState(Starting, "waits for "+name)
		return
	}
	p.launch()
}

func (p *process) waits() bool { return p.child == nil && p.now.state == Starting }

// blockedBy names a process that has to be healthy first.
func (p *process) blockedBy() string {
	for _, name := range p.spec.DependsOn {
		if d := p.sup.find(name); d != nil && d.snapshot().state != Healthy {
			return name
		}
	}
	return ""
}

// giveUp is for a process that is not tried again.
func (p *process) giveUp(reason string) {
	p.closeSocket()
	p.update(func(s *snapshot) { s.wanted = false })
	p.setState(Failed, reason)
}

// tend begins to watch a child: its end, its health, and the time that it has
// to become healthy.
func (p *process) tend(c *proc.Child) {
	p.child, p.failedChecks, p.reason, p.workerDead = c, 0, "", false
	go func() { p.exited <- c.WaitAll() }()
	if p.sup.ending {
		return // a process that is being ended gets no health check
	}
	p.startChecks()
	p.timer.Reset(p.spec.Health.StartPeriod)
	if p.spec.Reload {
		p.startTicker()
	}
}

func (p *process) closeSocket() {
	p.socket.Close()
	p.socket = proc.NoSocket
}

// end tells the child to go, and kills what is left of its group after the
// timeout. A second call can only shorten that.
func (p *process) end(reason string, timeout time.Duration) {
	p.stopChecks()
	deadline := time.Now().Add(timeout)
	if p.now.state == Stopping && p.child.Deadline().Before(deadline) {
		return
	}
	p.child.SetDeadline(deadline)
	p.timer.Reset(timeout)
	if p.now.state != Stopping {
		p.reason = reason
		p.setState(Stopping, reason)
		p.child.Signal(syscall.SIGTERM)
	}
}

func (p *process) onTimer() {
	switch p.now.state {
	case Stopping:
		p.child.Signal(syscall.SIGKILL)
	case Backoff:
		p.start()
	case Starting:
		if p.child != nil {
			reason := fmt.Sprintf("not healthy within %s", p.spec.Health.StartPeriod)
			if p.now.detail != "" {
				reason += ": " + p.now.detail
			}
			p.end(reason, p.spec.StopTimeout)
		}
	case Healthy:
		p.backoff.reset()
	}
}

// onExit decides what follows the end of the child.
func (p *process) onExit(e proc.Exit) {
	p.stopChecks()
	p.timer.Stop()
	wasStopping, wasStarting := p.now.state == Stopping, p.now.state == Starting
	p.child = nil
	how := e.String()
	if p.reason != "" {
		how = p.reason
	}
	switch {
	case wasStopping && p.restarting:
		p.start()
	case wasStopping && p.reason == "":
		p.closeSocket()
		p.setState(Stopped, "")
	case p.failFast && (wasStarting || wasStopping), p.spec.Restart == plan.RestartNever && !e.OK():
		p.giveUp(how)
	case p.spec.Restart != plan.RestartAlways && e.OK():
		p.closeSocket()
		p.update(func(s *snapshot) { s.wanted = false })
		p.setState(Stopped, how)
	default:
		p.update(func(s *snapshot) { s.restarts++ })
		wait := p.backoff.next()
		p.setState(Backoff, how)
		p.timer.Reset(wait)
	}
}
