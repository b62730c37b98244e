package supervise

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/internal/plan"
)

// TestLife follows every arrow of docs/architecture.md, without a process.
func TestLife(t *testing.T) {
	t.Parallel()
	never := plan.Process{Restart: plan.RestartNever, Health: plan.Health{Retries: 2}}
	onFailure := plan.Process{Restart: plan.RestartOnFailure, Health: plan.Health{Retries: 2}}
	always := plan.Process{Restart: plan.RestartAlways, Health: plan.Health{Retries: 2, StartPeriod: time.Second}}
	strict := always
	strict.Health.OnFailure = plan.OnFailureRestart
	external := always
	external.External = true
	debugged := always
	debugged.Debug = 9229
	reloader := always
	reloader.Reload = true
	task := plan.Process{Kind: plan.Task, Restart: plan.RestartNever, Timeout: time.Minute, Unless: []string{"check"}}

	bad, good, crash := ended{how: "exit code 3", ok: false}, ended{how: "exit code 0", ok: true}, ended{how: "killed by SIGSEGV", ok: false}
	well, refused, hung := checkResult{}, checkResult{verdict: verdictRefused, reason: "refused"}, checkResult{verdict: verdictHung, reason: "mute"}
	sick, foreign := checkResult{verdict: verdictSick, reason: "status 503"}, checkResult{verdict: verdictForeign, reason: "redis answers"}
	lateHung := checkResult{verdict: verdictHung, reason: "mute", late: true}
	late := checkResult{verdict: verdictRefused, reason: "refused", late: true}
	start, wait := startOrder{}, startOrder{failFast: true}
	stop, halt, restart := stopOrder{OwnTimeout}, haltOrder{OwnTimeout}, restartOrder{OwnTimeout}

	arrows := map[string]bool{}
	for _, tt := range []struct {
		name   string
		p      plan.Process
		events []event
		path   string // the states, each once in a row
		detail string // of the last
		last   []deed // what the last event leads to
	}{
		{"a start", always, []event{start, launched{}, well}, "starting healthy", "", []deed{doWait}},
		{"a wait for another", always, []event{start, blocked{"db-0"}, unblocked{}}, "starting", "waits for db-0", []deed{doLaunch}},
		{"a crash while somebody waits", always, []event{wait, launched{}, bad}, "starting failed", "exit code 3", []deed{doCloseSocket}},
		{"a launch that fails while somebody waits", always, []event{wait, ended{how: "no space left"}}, "failed", "no space left", []deed{doCloseSocket}},
		{"a launch that fails", always, []event{start, ended{how: "no space left"}, timeUp{}}, "backoff", "no space left", []deed{doLaunch}},
		{"a launch that fails after a failure", never, []event{start, launched{}, bad, start, ended{how: "no memory"}}, "starting failed", "no memory", []deed{doCloseSocket}},
		{"a launch that fails after a failed start", always, []event{wait, launched{}, bad, start, ended{how: "no memory"}}, "starting failed backoff", "no memory", []deed{doWait}},
		{"a launch that fails again while somebody waits", always, []event{start, launched{}, bad, wait, ended{how: "no memory"}}, "starting backoff failed", "no memory", []deed{doCloseSocket}},
		{"a restart that cannot launch", always, []event{start, launched{}, well, restart, good, ended{how: "no processes left"}, timeUp{}, launched{}}, "starting healthy stopping backoff starting", "", nil},
		{"a crash at a start", always, []event{start, launched{}, bad}, "starting backoff", "exit code 3", []deed{doWait}},
		{"a late start that somebody waits for", always, []event{wait, launched{}, late, good}, "starting stopping failed", "not healthy within 1s: refused", []deed{doCloseSocket}},
		{"a late start", always, []event{start, launched{}, refused, late}, "starting unhealthy", "not healthy within 1s: refused", nil},
		{"a late start, restarted", strict, []event{start, launched{}, late, crash}, "starting stopping backoff", "not healthy within 1s: refused", []deed{doWait}},
		{"a stranger answers while somebody waits", always, []event{wait, launched{}, foreign, good}, "starting stopping failed", "redis answers", []deed{doCloseSocket}},
		{"a stranger answers", always, []event{start, launched{}, foreign}, "starting", "", nil},
		{"a stop at a start", always, []event{start, launched{}, stop, crash}, "starting stopping stopped", "", []deed{doCloseSocket}},
		{"checks fail", always, []event{start, launched{}, well, refused, refused}, "starting healthy unhealthy", "refused", nil},
		{"once is not yet a failure", always, []event{start, launched{}, well, refused, well, refused}, "starting healthy", "", nil},
		{"a hang is left alone", always, []event{start, launched{}, well, hung, hung, hung, well}, "starting healthy unhealthy healthy", "", nil},
		{"a breakpoint", debugged, []event{start, launched{}, well, hung, hung, hung}, "starting healthy", "", nil},
		{"an external one's breakpoint", external, []event{start, launched{}, well, hung, hung, hung}, "starting healthy", "", nil},
		{"a stop of an external one", external, []event{start, launched{}, well, stop, ended{ok: true}}, "starting healthy stopping stopped", "", []deed{doCloseSocket}},
		{"an external one that is not there", external, []event{wait, launched{}, late, ended{ok: true}}, "starting stopping failed", "not healthy within 1s: refused", []deed{doCloseSocket}},
		{"a breakpoint at a start", debugged, []event{wait, launched{}, hung, lateHung, well}, "starting healthy", "", []deed{doWait}},
		{"a debugger's process that is not there", debugged, []event{start, launched{}, well, hung, refused, refused}, "starting healthy unhealthy", "refused", nil},
		{"a hang, restarted", strict, []event{start, launched{}, well, hung, crash, launched{}}, "starting healthy stopping starting", "", nil},
		{"it says itself that it is sick", strict, []event{start, launched{}, well, sick, sick, hung}, "starting healthy unhealthy stopping", "restarting: mute", []deed{doEnd}},
		{"a crash", always, []event{start, launched{}, well, crash, timeUp{}, launched{}}, "starting healthy backoff starting", "", nil},
		{"a crash of what was unwell", always, []event{start, launched{}, well, hung, crash}, "starting healthy unhealthy backoff", "killed by SIGSEGV", []deed{doWait}},
		{"a crash, never to be restarted", never, []event{start, launched{}, well, bad}, "starting healthy failed", "exit code 3", []deed{doCloseSocket}},
		{"a crash of what was unwell, never to be restarted", never, []event{start, launched{}, well, hung, bad}, "starting healthy unhealthy failed", "exit code 3", []deed{doCloseSocket}},
		{"a crash at a start, never to be restarted", never, []event{start, launched{}, bad}, "starting failed", "exit code 3", []deed{doCloseSocket}},
		{"a good end", onFailure, []event{start, launched{}, well, good}, "starting healthy stopped", "exit code 0", []deed{doCloseSocket}},
		{"a good end at a start", onFailure, []event{start, launched{}, good}, "starting stopped", "exit code 0", []deed{doCloseSocket}},
		{"a good end of what was unwell", onFailure, []event{start, launched{}, well, hung, good}, "starting healthy unhealthy stopped", "exit code 0", []deed{doCloseSocket}},
		{"a good end, to be restarted", always, []event{start, launched{}, well, good}, "starting healthy backoff", "exit code 0", []deed{doWait}},
		{"a stop", always, []event{start, launched{}, well, stop, timeUp{}, crash}, "starting healthy stopping stopped", "", []deed{doCloseSocket}},
		{"a stop that comes to SIGKILL", always, []event{start, launched{}, well, stop, timeUp{}}, "starting healthy stopping", "", []deed{doKill, doWait}},
		{"a stop of what was unwell", always, []event{start, launched{}, well, hung, stop}, "starting healthy unhealthy stopping", "", []deed{doEnd}},
		{"a stop before a restart", always, []event{start, launched{}, bad, stop, timeUp{}}, "starting backoff stopped", "", nil},
		{"a stop of what failed", never, []event{start, launched{}, bad, stop}, "starting failed stopped", "", []deed{doCloseSocket}},
		{"a stop that takes over from a restart", strict, []event{start, launched{}, well, hung, stop, good}, "starting healthy stopping stopped", "", []deed{doCloseSocket}},
		{"a restart", always, []event{start, launched{}, well, restart, good, launched{}}, "starting healthy stopping starting", "", nil},
		{"a restart of what waits for its own", always, []event{start, launched{}, bad, restart}, "starting backoff", "exit code 3", []deed{doLaunch}},
		{"a start of what is just being stopped", always, []event{start, launched{}, well, stop, wait, good}, "starting healthy stopping", "", []deed{doLaunch}},
		{"a start of what failed", never, []event{start, launched{}, bad, start, launched{}}, "starting failed starting", "", nil},
		{"a start that waits after a failure", never, []event{start, launched{}, bad, start, blocked{"db-0"}}, "starting failed starting", "waits for db-0", nil},
		{"a halt keeps the socket", always, []event{start, launched{}, well, halt, good}, "starting healthy stopping stopped", "", nil},
		{"a halt of what waits for its restart", always, []event{start, launched{}, bad, halt, timeUp{}}, "starting backoff stopped", "", nil},
		{"what does not end", always, []event{start, launched{}, well, stop, timeUp{}, stuckAt{"it is root's"}}, "starting healthy stopping", "it is root's", nil},
		{"an adoption", always, []event{adopted{}, well}, "starting healthy", "", []deed{doWait}},
		{"a worker that cannot import fails the start", reloader, []event{wait, launched{}, workerLooked{dead: true}, workerLooked{dead: true}}, "starting stopping", "its worker ended", []deed{doEnd}},
		{"a worker that cannot import", reloader, []event{start, launched{}, workerLooked{dead: true}, workerLooked{dead: true}}, "starting unhealthy", "its worker ended; the next change of a source starts a new one", nil},
		{"a moment between two workers", reloader, []event{start, launched{}, workerLooked{dead: true}, workerLooked{}, workerLooked{dead: true}}, "starting", "", nil},
		{"a killed worker", reloader, []event{start, launched{}, well, workerEnded{}, workerLooked{true, true}, workerLooked{true, true}, crash}, "starting healthy stopping", "restarting: its worker was killed", []deed{doLaunch}},
		{"a worker's end", reloader, []event{start, launched{}, well, workerEnded{}}, "starting healthy", "", []deed{doLook, doCheckAnew}},
		{"the next worker", reloader, []event{start, launched{}, well, workerEnded{}, well}, "starting healthy", "", []deed{doAwaitWorker}},
		{"a worker that ends with its reloader", reloader, []event{start, launched{}, well, stop, workerEnded{}}, "starting healthy stopping", "", nil},
		{"a worker's end that is told late", reloader, []event{start, launched{}, well, crash, workerEnded{}}, "starting healthy backoff", "killed by SIGSEGV", nil},
		{"a task", task, []event{start, launched{}, good}, "starting succeeded", "", nil},
		{"a task that is not to be run", task, []event{start, launched{asks: true}, good}, "starting succeeded", "not run, since its unless succeeds", nil},
		{"a task that is to be run", task, []event{start, launched{asks: true}, bad}, "starting", "", []deed{doLaunch}},
		{"a task that fails", task, []event{start, launched{asks: true}, bad, launched{}, bad}, "starting failed", "exit code 3", nil},
		{"a task that takes too long", task, []event{start, launched{}, timeUp{}, good}, "starting stopping failed", "not done within 1m0s", nil},
		{"a task whose question takes too long", task, []event{start, launched{asks: true}, timeUp{}, good}, "starting stopping failed", "not done within 1m0s", nil},
		{"a task that is stopped", task, []event{start, launched{}, stop, good}, "starting stopping stopped", "", []deed{doCloseSocket}},
		{"a task of which nobody knows how it ended", task, []event{adopted{}, ended{how: "ended", unknown: true}}, "starting", "", []deed{doLaunch}},
		{"a task at the next start", task, []event{start, launched{}, good, start, launched{}}, "starting succeeded starting", "", []deed{doWait}},
		{"a task that cannot be launched any more", task, []event{start, launched{}, good, wait, ended{how: "no memory"}}, "starting succeeded failed", "no memory", []deed{doCloseSocket}},
		{"a stop of a task that is done", task, []event{start, launched{}, good, stop}, "starting succeeded stopped", "", []deed{doCloseSocket}},
	} {
		l, path := life{state: Stopped}, []State{}
		var do []action
		for _, e := range tt.events {
			from := l.state
			do = e.on(&l, &tt.p)
			if l.state != from {
				arrows[arrow(from, l.state)] = true
				path = append(path, l.state)
			}
		}
		var deeds []deed
		for _, a := range do {
			deeds = append(deeds, a.do)
		}
		if got := strings.Trim(fmt.Sprint(path), "[]"); got != tt.path || l.detail != tt.detail || !slices.Equal(deeds, tt.last) {
			t.Errorf("%s: %s (%q), then %v; want %s (%q), then %v", tt.name, got, l.detail, deeds, tt.path, tt.detail, tt.last)
		}
	}
	drawn := drawnArrows(t)
	for a := range drawn {
		if !arrows[a] {
			t.Errorf("no case follows the arrow %s", a)
		}
	}
	for a := range arrows {
		if !drawn[a] {
			t.Errorf("the picture lacks the arrow %s", a)
		}
	}
}

func arrow(from, to State) string { return string(from) + " --> " + string(to) }

func drawnArrows(t *testing.T) map[string]bool {
	t.Helper()
	b, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  (\w+) --> (\w+)`).FindAllStringSubmatch(string(b), -1) {
		drawn[arrow(State(m[1]), State(m[2]))] = true
	}
	if len(drawn) < 10 {
		t.Fatalf("the picture of the states was not found: %v", drawn)
	}
	return drawn
}

// TestLifeKeepsToThePicture lets anything happen that can, in any order.
func TestLifeKeepsToThePicture(t *testing.T) {
	t.Parallel()
	drawn, seed := drawnArrows(t), rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	one := func(events ...event) event { return events[r.IntN(len(events))] }
	for range 2000 {
		p := plan.Process{Reload: r.IntN(2) == 0, Restart: []plan.Restart{plan.RestartAlways, plan.RestartOnFailure, plan.RestartNever}[r.IntN(3)],
			Health: plan.Health{Retries: 2, OnFailure: []plan.OnFailure{plan.OnFailureReport, plan.OnFailureRestart}[r.IntN(2)]}}
		if r.IntN(4) == 0 {
			p.Debug = 9229
		}
		isTask := r.IntN(4) == 0
		if isTask {
			p.Kind, p.Reload, p.Restart, p.Timeout = plan.Task, false, plan.RestartNever, time.Minute
		}
		l := life{state: Stopped}
		var due []action
		for range 40 {
			order := one(startOrder{}, startOrder{true}, stopOrder{}, haltOrder{}, restartOrder{})
			e := order
			switch {
			case len(due) > 0 && due[0].do == doLaunch:
				e = one(launched{}, launched{asks: isTask && !l.asked}, blocked{"db-0"}, ended{how: "no memory", ok: false})
			case l.runs && isTask:
				e = one(order, ended{how: "exit code 0", ok: true}, ended{how: "exit code 1"}, ended{how: "ended", unknown: true}, timeUp{}, stuckAt{"it is root's"})
			case l.runs:
				e = one(order, ended{how: "exit code 0", ok: true}, ended{how: "exit code 1", ok: false}, timeUp{}, workerEnded{},
					workerLooked{r.IntN(2) == 0, r.IntN(2) == 0}, stuckAt{"it is root's"},
					checkResult{verdict: verdict(r.IntN(int(verdictForeign) + 1)), late: r.IntN(4) == 0})
			case l.state == Backoff:
				e = one(order, timeUp{}, workerEnded{})
			case l.state == Starting:
				e = one(order, unblocked{})
			}
			before := l
			due = e.on(&l, &p)
			if before.state != l.state && !drawn[arrow(before.state, l.state)] {
				t.Fatalf("seed %d: %T leads along %s, which is not drawn: from %+v", seed, e, arrow(before.state, l.state), before)
			}
			if rests := l.state == Stopped || l.state == Succeeded || l.state == Failed || l.state == Backoff; rests && l.runs {
				t.Fatalf("seed %d: %T leaves a child running that is %s: from %+v", seed, e, l.state, before)
			}
			if l.runs && (l.state == Stopping) != slices.ContainsFunc(due, func(a action) bool { return a.do == doEnd }) && before.state != Stopping {
				t.Fatalf("seed %d: %T leads to %s and to %v: from %+v", seed, e, l.state, due, before)
			}
		}
	}
}
