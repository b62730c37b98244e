package supervise

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"muster/internal/events"
	"muster/internal/plan"
	"muster/internal/proc"
)

// order asks a process for something. Whoever waits for the outcome watches
// the process's state.
type order struct {
	event
	taken func() // called once the process's state speaks of the order
}

// snapshot is a process as others see it.
type snapshot struct {
	state    State
	detail   string // why it is in that state; "" where there is nothing to say
	hint     string // what a person can do about it
	cause    Cause  // why, for a program
	waitsFor string // the process that has to be there first
	check    string // what the last failed health check of a start told
	checked  Cause  // the same for a program
	id       proc.Identity
	since    time.Time // of the running process's start
	logged   int64     // size of its log then, in bytes
	changed  time.Time // of the state
	restarts int
	adopted  bool
	wanted   bool
	stuck    bool   // it does not end, whatever it is sent
	digest   string // of the configuration file that it runs with
}

// process does what its life says: the goroutine in run starts the child,
// watches it and ends it. Others send orders and read snapshots.
type process struct {
	sup  *supervisor
	spec plan.Process
	rank atomic.Int64 // its StopRank in the newest plan, which may differ in that alone
	in   chan order
	done chan struct{} // closed when run has returned

	ctx   context.Context
	leave context.CancelFunc // ends run

	mu  sync.Mutex
	now snapshot

	// What follows belongs to run.
	life        life
	child       *proc.Child
	attached    bool        // there is no child, since it is external, and it is checked
	since       time.Time   // of its start
	logged      int64       // size of its log then, in bytes
	adopted     bool        // its start was another supervisor's
	digest      string      // of the configuration file that it has read
	asked       bool        // it was told to end
	killed      bool        // and then killed
	socket      proc.Socket // of a process that gets its listening socket from us
	exited      chan proc.Exit
	checked     chan checkResult
	checks      context.Context    // of what looks after the running child
	endChecks   context.CancelFunc // ends that
	timer       *time.Timer        // wakes run in the states that end by time
	ticker      *time.Ticker       // wakes it to look at a reloader's worker
	workerEnded chan struct{}
	workers     []int // of a reloader, at the last look
	reloads     ownReloads
}

func newProcess(s *supervisor, spec plan.Process) *process {
	ctx, leave := context.WithCancel(s.ctx)
	p := &process{
		sup: s, spec: spec, ctx: ctx, leave: leave,
		in: make(chan order), done: make(chan struct{}),
		exited: make(chan proc.Exit, 1), checked: make(chan checkResult), workerEnded: make(chan struct{}),
		socket: proc.NoSocket, timer: time.NewTimer(time.Hour),
		life: life{state: Stopped}, now: snapshot{state: Stopped},
	}
	p.timer.Stop()
	p.rank.Store(int64(spec.StopRank))
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
			switch by := p.blockedBy(); by {
			case "":
				p.step(unblocked{})
				continue
			case p.life.waitsFor:
			default:
				p.step(blocked{by})
			}
		}
		var tick <-chan time.Time
		if p.ticker != nil {
			tick = p.ticker.C
		}
		select {
		case <-p.ctx.Done():
			return
		case o := <-p.in:
			p.step(o.event)
			o.taken()
		case e := <-p.exited:
			p.stopChecks()
			p.timer.Stop()
			p.child = nil
			p.step(ended{how: e.String(), ok: e.OK(), unknown: !e.Known(), cause: causeOfEnd(e)})
		case r := <-p.checked:
			if r.verdict == verdictHealthy && p.reloads.served.IsZero() {
				p.reloads.served = time.Now()
			}
			r.workerless = r.verdict != verdictHealthy && p.life.state != Starting && p.waitsForChange()
			p.follow(r.on(&p.life, &p.spec)) // a check comes often: nothing of it goes to the heap
		case <-p.timer.C:
			p.step(timeUp{})
		case <-tick:
			p.lookForWorker()
		case <-p.workerEnded:
			if p.life.state != Stopping {
				p.sup.record(events.Event{Kind: events.Reload, Process: p.spec.Name, Of: string(p.spec.Kind)})
			}
			p.step(workerEnded{})
			p.noteReload()
		case <-others:
		}
	}
}

// step takes an event, does what follows from it, and tells others once.
func (p *process) step(e event) {
	p.follow(e.on(&p.life, &p.spec))
}

func (p *process) follow(do []action) {
	for ; len(do) > 0; do = do[1:] {
		if next := p.act(do[0]); next != nil {
			do = append(do, next.on(&p.life, &p.spec)...)
		}
	}
	p.publish()
}

// publish is the one door to what others see of the process. Mostly nothing has
// changed, and the frame for that is small: the stacks of idle loops stay so.
func (p *process) publish() {
	if !p.published() {
		p.announce()
	}
}

func (p *process) published() bool {
	l, now := &p.life, &p.now // which is written here alone
	return l.state == now.state && l.detail == now.detail && l.hint == now.hint && l.waitsFor == now.waitsFor && l.check == now.check && l.cause == now.cause && l.checked == now.checked &&
		l.restarts == now.restarts && l.wanted == now.wanted && l.stuck == now.stuck &&
		p.since == now.since && p.adopted == now.adopted && p.digest == now.digest && (p.child == nil && now.id.PID == 0 || p.child != nil && p.child.ID == now.id)
}

func (p *process) announce() {
	l := &p.life
	to := snapshot{state: l.state, detail: l.detail, hint: l.hint, cause: l.cause, waitsFor: l.waitsFor, check: l.check, checked: l.checked, since: p.since, logged: p.logged, restarts: l.restarts,
		adopted: p.adopted, wanted: l.wanted, stuck: l.stuck, digest: p.digest, changed: p.now.changed}
	if p.child != nil {
		to.id = p.child.ID
	}
	from := p.now
	if from.state != to.state {
		to.changed = time.Now()
	}
	p.mu.Lock()
	p.now = to
	p.mu.Unlock()
	p.sup.changedState(p, &from, &to)
}

// act does one thing. Where its outcome is known at once, that is the event.
func (p *process) act(a action) event {
	switch a.do {
	case doLaunch:
		return p.launch()
	case doEnd:
		if p.spec.External {
			return p.detach()
		}
		p.end(a.time)
	case doKill:
		return p.kill()
	case doWait:
		p.timer.Reset(a.time)
	case doCheckAnew:
		p.endChecks()
		p.startChecks()
	case doLook:
		p.startTicker()
	case doReread:
		digest := digestOf(p.spec.ConfigFile)
		if err := p.child.ID.Signal(signalReread); err != nil {
			fmt.Fprintf(p.sup.log, "[WARN] %s: %v\n", p.spec.Name, err)
			break
		}
		p.digest = digest
	case doForgetConfig:
		p.digest = ""
	case doAwaitWorker:
		p.awaitWorkerEnd()
	case doCloseSocket:
		p.timer.Stop()
		p.socket.Close()
		p.socket = proc.NoSocket
	}
	return nil
}

func (p *process) waits() bool { return p.child == nil && !p.attached && p.life.state == Starting }

// blockedBy names a process that has to be there first.
func (p *process) blockedBy() string {
	for _, name := range p.spec.DependsOn {
		if d := p.sup.find(name); d != nil && !d.snapshot().state.well() {
			return name
		}
	}
	for _, name := range p.spec.After {
		if d := p.sup.find(name); d != nil && d.snapshot().id.PID == 0 && !d.snapshot().state.well() {
			return name
		}
	}
	return ""
}

// tend begins to watch a child: its end and its health.
func (p *process) tend(c *proc.Child, since time.Time, adopted bool) {
	p.child, p.since, p.adopted, p.asked, p.killed = c, since, adopted, false, false
	p.workers, p.reloads.began, p.reloads.served = nil, time.Now(), time.Time{}
	go func() { p.exited <- c.WaitAll(p.sup.leaveAlone) }()
	if !p.sup.ending && p.spec.Kind != plan.Task { // a process that is being ended gets no health check
		p.startChecks()
	}
}

// attach begins to check a process that is not ours, and detach ends that: to the
// life of the process it is its launch and its end.
func (p *process) attach() {
	p.attached, p.since = true, time.Now()
	if !p.sup.ending {
		p.startChecks()
	}
}

func (p *process) detach() event {
	p.stopChecks()
	p.attached = false
	return ended{ok: true, hint: p.spec.Name + " is external: start it in your editor, or leave it out of -external="}
}

// end tells the child to go, and kills what is left of its group after the
// timeout; OwnTimeout is the process's own. A second call can only shorten that.
func (p *process) end(timeout time.Duration) {
	p.stopChecks()
	timeout = p.graceOf(timeout)
	deadline := time.Now().Add(timeout)
	if p.asked && p.child.Deadline().Before(deadline) {
		return
	}
	p.child.SetDeadline(deadline)
	p.timer.Reset(timeout)
	if !p.asked {
		p.asked = true
		p.child.Stop()
	}
}

// graceOf is a time from SIGTERM to SIGKILL, which may be the process's own.
func (p *process) graceOf(timeout time.Duration) time.Duration {
	if timeout == OwnTimeout {
		return p.spec.StopTimeout
	}
	return timeout
}

// kill ends what is left of the child's group. What it cannot end it names.
func (p *process) kill() event {
	p.child.Signal(syscall.SIGKILL)
	again := p.killed
	p.killed = true
	switch left, err := p.child.Left(); {
	case len(left) == 0: // its end is on the way
		return nil
	case err != nil:
		return stuckAt{fmt.Sprintf("%s cannot be ended: %v; end it as its owner, or as root: kill -9 %d", left[0], err, left[0].PID)}
	case again:
		return stuckAt{fmt.Sprintf("%s does not end, SIGKILL sent %s ago: it waits in the kernel, for a disk or a network", left[0], killPatience)}
	}
	return nil
}
