package supervise

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"muster/internal/plan"
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

// command asks a process for something. Whoever waits for the outcome watches
// the process's state.
type command struct {
	verb     verb
	timeout  time.Duration // verbStop, verbRestart: from SIGTERM to SIGKILL
	failFast bool          // verbStart: an end before the process is healthy is final
	taken    func()        // called once the process's state speaks of the command
}

// snapshot is a process as others see it.
type snapshot struct {
	state    State
	detail   string // why it is in that state; "" where there is nothing to say
	id       Identity
	since    time.Time // of the running process's start
	restarts int
	adopted  bool
	wanted   bool
}

// process owns the life of one process: the goroutine in run starts it,
// watches it and ends it. Others send commands and read snapshots.
type process struct {
	sup  *Supervisor
	spec plan.Process
	in   chan command
	done chan struct{} // closed when run has returned

	life  context.Context
	leave context.CancelFunc // ends run

	mu  sync.Mutex
	now snapshot

	// What follows belongs to run.
	child       *child
	socket      socket // of a process that gets its listening socket from us
	exited      chan exit
	checked     chan checkResult
	watching    context.Context    // of what watches the running child
	unwatch     context.CancelFunc // ends that
	timer       *time.Timer        // wakes run in the states that end by time
	ticker      *time.Ticker       // looks at a reloader's worker, at its start and after one ended
	workerEnded chan struct{}
	backoff     backoff
	failures    int    // failed checks in a row
	reason      string // why a child that is being ended must go; "" for a stop
	failFast    bool
	again       bool // start again once the child being ended is gone
	suspect     bool // the last look found a dead worker
}

func newProcess(s *Supervisor, spec plan.Process) *process {
	life, leave := context.WithCancel(s.ctx)
	p := &process{
		sup: s, spec: spec, life: life, leave: leave,
		in: make(chan command), done: make(chan struct{}),
		exited: make(chan exit, 1), checked: make(chan checkResult), workerEnded: make(chan struct{}),
		socket: noSocket, timer: time.NewTimer(time.Hour),
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
		p.socket.close()
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
		case c := <-p.in:
			p.obey(c)
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
	p.now.id = Identity{}
	if p.child != nil {
		p.now.id = p.child.id
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

func (p *process) obey(c command) {
	defer c.taken()
	switch c.verb {
	case verbStart:
		p.update(func(s *snapshot) { s.wanted = true })
		switch {
		case p.child == nil:
			p.failFast = c.failFast
			p.backoff.reset()
			p.begin()
		case p.now.state == Stopping:
			p.again, p.failFast = true, c.failFast
		}
	case verbStop:
		p.update(func(s *snapshot) { s.wanted = false })
		p.again = false
		if p.child == nil {
			p.timer.Stop()
			p.closeSocket()
			p.setState(Stopped, "")
			return
		}
		p.reason = "" // it may be on its way to a restart
		p.end("", c.timeout)
	case verbRestart:
		p.update(func(s *snapshot) { s.wanted = true })
		p.failFast = c.failFast
		p.backoff.reset()
		if p.child == nil {
			p.begin()
			return
		}
		p.again = true
		p.end("", c.timeout)
	}
}

// begin starts the process, now or as soon as what it depends on is healthy.
func (p *process) begin() {
	p.again = false
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

func (p *process) launch() {
	if p.spec.Listen && p.socket == noSocket {
		s, err := bind(p.spec.Host, p.spec.Port)
		if err != nil {
			if e := checkPort(p.spec.Name, p.spec.Host, p.spec.Port); e != nil {
				err = e
			}
			var taken *PortTaken
			if errors.As(err, &taken) && marked(taken.Holder.PID, p.sup.local) {
				err = fmt.Errorf("port %d is taken by this project's own %s, which runs: stop that first", p.spec.Port, taken.Holder)
			}
			p.giveUp(err.Error())
			return
		}
		p.socket = s
	}
	// Some file systems allow a rotation only while nobody writes.
	for _, f := range append([]plan.LogFile{{Path: p.spec.Log}}, p.spec.Files...) {
		if err := p.sup.unifier.Rotate(f.Path); err != nil {
			fmt.Fprintf(p.sup.log, "[WARN] %s: %v\n", p.spec.Name, err)
		}
	}
	c, err := spawn(p.sup.local, p.spec, p.socket)
	if err != nil {
		p.giveUp(err.Error())
		return
	}
	p.update(func(s *snapshot) { s.since, s.adopted = time.Now(), false })
	p.tend(c)
	p.setState(Starting, "")
}

// giveUp is for a process that cannot even be started: another try would end
// the same way.
func (p *process) giveUp(reason string) {
	p.closeSocket()
	p.update(func(s *snapshot) { s.wanted = false })
	p.setState(Failed, reason)
}

// tend begins to watch a child: its end, its health, and the time that it has
// to become healthy.
func (p *process) tend(c *child) {
	p.child, p.failures, p.reason, p.suspect = c, 0, "", false
	exited := p.exited
	go func() {
		e := c.waitGroup()
		endStraysOf(p.sup.local, p.spec.Name, c)
		exited <- e
	}()
	if p.sup.ending {
		return // what is to be ended is not asked how it is
	}
	p.watchHealth()
	p.timer.Reset(p.spec.Health.StartPeriod)
	if p.spec.Reload {
		p.startTicker()
	}
}

func (p *process) closeSocket() {
	p.socket.close()
	p.socket = noSocket
}

// end tells the child to go, and kills what is left of its group after the
// timeout. A second call can only shorten that.
func (p *process) end(reason string, timeout time.Duration) {
	p.stopChecks()
	deadline := time.Now().Add(timeout)
	if p.now.state == Stopping && p.child.killAt().Before(deadline) {
		return
	}
	p.child.setKillAt(deadline)
	p.timer.Reset(timeout)
	if p.now.state != Stopping {
		p.reason = reason
		p.setState(Stopping, reason)
		p.child.signalGroup(syscall.SIGTERM)
	}
}

func (p *process) onTimer() {
	switch p.now.state {
	case Stopping:
		p.child.signalGroup(killSignal)
	case Backoff:
		p.begin()
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
func (p *process) onExit(e exit) {
	p.stopChecks()
	p.timer.Stop()
	wasStopping, wasStarting := p.now.state == Stopping, p.now.state == Starting
	p.child = nil
	how := e.String()
	if p.reason != "" {
		how = p.reason
	}
	switch {
	case wasStopping && p.again:
		p.begin()
	case wasStopping && p.reason == "":
		p.closeSocket()
		p.setState(Stopped, "")
	case p.failFast && (wasStarting || wasStopping):
		p.giveUp(how)
	case p.spec.Restart == plan.RestartNever, p.spec.Restart == plan.RestartOnFailure && e.ok():
		p.closeSocket()
		p.update(func(s *snapshot) { s.wanted = false })
		if e.ok() {
			p.setState(Stopped, how)
		} else {
			p.setState(Failed, how)
		}
	default:
		p.update(func(s *snapshot) { s.restarts++ })
		wait := p.backoff.next()
		p.setState(Backoff, how)
		p.timer.Reset(wait)
	}
}
