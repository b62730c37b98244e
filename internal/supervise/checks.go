package supervise

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/internal/plan"
	"muster/internal/proc"
)

// startChecks begins the health checks of the child.
func (p *process) startChecks() {
	p.checks, p.endChecks = context.WithCancel(context.Background())
	c := &checker{process: p, child: p.child, ctx: p.checks}
	if p.spec.Health.Log != "" {
		c.said = LogWait{file: p.spec.Log, pattern: p.spec.Health.Log, at: p.logged, done: p.adopted}
	}
	go c.run()
}

func (p *process) stopChecks() {
	if p.endChecks != nil {
		p.endChecks()
		p.endChecks = nil
	}
	p.stopTicker()
}

// checker asks one running child for its health until ctx ends.
type checker struct {
	*process
	child    *proc.Child
	ctx      context.Context
	known    bool // whose the listening socket is
	answered bool
	said     LogWait
}

// run polls until the first good answer or the end of the start's time, and
// then asks ever more rarely.
func (c *checker) run() {
	h := c.spec.Health
	limit := h.Timeout * time.Duration(h.Retries)
	healthy := c.start(limit)
	for pause := checkFirst; sleep(c.ctx, together(pause, h.Interval)); {
		r := c.ask(limit)
		if !c.report(r) {
			return
		}
		if pause = min(4*pause, h.Interval); r.verdict != verdictHealthy {
			pause = min(checkFirst, h.Interval)
		} else if !healthy {
			healthy, pause = true, checkFirst
		}
	}
}

// together has checks wait until a multiple of their interval, once they are that rare:
// so one awakening of the supervisor serves all of them.
func together(pause, interval time.Duration) time.Duration {
	if pause < interval || interval <= 0 {
		return pause
	}
	return interval - time.Duration(time.Now().UnixNano())%interval
}

// lastTry is what the last check of a start has at least: one without time for an
// answer would say that there was none, whatever is wrong.
const lastTry = 100 * time.Millisecond

// start asks until a good answer, or tells that the start is late.
func (c *checker) start(limit time.Duration) (healthy bool) {
	end := time.Now().Add(c.spec.Health.StartPeriod)
	if c.spec.Listen {
		// A socket that we listen on accepts before the server does: one request
		// waits for the first answer, and there is nothing to poll.
		limit = c.spec.Health.StartPeriod
	}
	for pause := pollFirst; ; pause = c.pollPause(end) {
		r := c.ask(min(limit, max(time.Until(end), lastTry)))
		if r.verdict != verdictHealthy && time.Until(end) <= pause {
			pause, r.late = time.Until(end), true
			var told string
			told, r.cause.ListensOn = c.listensElsewhere(r)
			r.reason += told
			sleep(c.ctx, pause)
		}
		if !c.report(r) || r.late || r.verdict == verdictHealthy {
			return r.verdict == verdictHealthy
		}
		if !sleep(c.ctx, pause) {
			return false
		}
	}
}

// pollPause is the pause between the checks of a start that ends then.
func (c *checker) pollPause(end time.Time) time.Duration {
	switch {
	case len(c.spec.Health.Command) > 0:
		return pollCommand
	case time.Until(end) > c.spec.Health.StartPeriod-time.Second:
		return pollFast
	}
	return pollSlow
}

// report hands a result over, and tells whether anybody still wants it.
func (c *checker) report(r checkResult) bool {
	select {
	case <-c.ctx.Done():
		return false
	default:
	}
	select {
	case c.checked <- r:
		return true
	case <-c.ctx.Done():
		return false
	}
}

// ask checks once. The first good answer counts if it comes from the process.
func (c *checker) ask(limit time.Duration) checkResult {
	if c.spec.Health.Log != "" && !c.said.Yet() {
		return checkResult{verdict: verdictRefused, reason: "no line of its log matches " + c.spec.Health.Log + " yet", cause: Cause{Reason: NoLogLine}}
	}
	r := check(c.ctx, c.sup.local, c.sup.shell(), &c.spec, limit)
	if c.answered {
		r.note = "" // it was told
	}
	c.answered = c.answered || r.verdict == verdictHealthy
	if r.verdict != verdictHealthy || c.known || c.spec.Listen || c.spec.External || c.spec.Port == 0 {
		return r
	}
	switch whose, holder := c.child.Listener(c.spec.Host, c.spec.Port); whose {
	case proc.Another:
		if c.hasStarted(holder) {
			r.note = fmt.Sprintf("port %d is held by %s, which was started elsewhere at its start", c.spec.Port, c.sup.whose(holder))
			break
		}
		r.verdict, r.cause = verdictForeign, Cause{Reason: TakenPort, Holder: holderOf(holder)}
		r.reason = fmt.Sprintf("port %d is answered by %s, which is not of %s", c.spec.Port, c.sup.whose(holder), c.spec.Name)
	case proc.Unseen:
		r.note = fmt.Sprintf("port %d is held by a process that cannot be seen from here", c.spec.Port)
	}
	c.known = r.verdict == verdictHealthy
	return r
}

// hasStarted tells whether a worker can be behind the process that holds its port: a
// client of a daemon that starts containers is not their parent. The port was free
// at the worker's launch, and whoever holds it is younger than that.
func (c *checker) hasStarted(h proc.Holder) bool {
	id, err := proc.Identify(h.PID)
	return err == nil && c.spec.Kind == plan.Worker && id.Start >= c.child.ID.Start
}

// listensElsewhere tells where the process listens that is not found where it
// should be, to a person and as it is.
func (c *checker) listensElsewhere(r checkResult) (told, at string) {
	h, port := c.spec.Health, c.spec.Port
	own := len(h.Command) > 0 || h.Log != "" // a check that knows nothing of the port
	if c.child == nil || port == 0 || r.verdict != verdictRefused && !own {
		return "", ""
	}
	at = c.child.ListensOn()
	there := slices.ContainsFunc(strings.Split(at, ", "), func(a string) bool { return strings.HasSuffix(a, fmt.Sprintf(":%d", port)) })
	switch {
	case at == "" || own && there:
		return "", ""
	case own:
		return fmt.Sprintf("; its port is %d, and it listens on %s", port, at), at
	}
	return fmt.Sprintf("; it listens on %s: its command takes the port as {port}", at), at
}
