//go:build linux

package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/internal/plan"
	"muster/internal/proc"
)

var sequences = flag.Int("sequences", 12, "how many of them TestSequences runs")

// TestSequences gives random plans of real processes random orders, one after the
// other or two at once, while processes and the supervisor are killed. No process is
// doubled, none begins before what it depends on is there or ends after that, and at
// the end a start brings everything up, and a stop leaves nothing. A failure tells the
// seed and the story, and is tried again with
//
//	go test -run 'TestSequences/^7$' ./internal/supervise -seed=N
func TestSequences(t *testing.T) {
	t.Parallel()
	seed := *faultSeed
	for seed == 0 {
		seed = rand.Uint64()
	}
	const atOnce = 6 // they wait most of the time
	var running sync.WaitGroup
	for first := range atOnce {
		running.Go(func() {
			for i := first; i < *sequences; i += atOnce {
				t.Run(strconv.Itoa(i), func(t *testing.T) {
					q := newSequence(t, seed, uint64(i))
					q.command("start")()
					for range 5 + q.rand.IntN(5) {
						q.step()
					}
					q.finish()
				})
			}
		})
	}
	running.Wait()
}

// sequence is a project that gets random orders.
type sequence struct {
	*project
	rand  *rand.Rand
	trace string
	made  int // processes of the plan, the removed ones too
	mu    sync.Mutex
	story []string
	began time.Time
}

func newSequence(t *testing.T, seed, i uint64) *sequence {
	q := &sequence{project: newProject(t), rand: rand.New(rand.NewPCG(seed, i)), began: time.Now()}
	q.trace = filepath.Join(t.TempDir(), "trace")
	for range 3 + q.rand.IntN(4) {
		q.addOne()
	}
	q.connect()
	t.Cleanup(func() {
		if t.Failed() {
			_, lines, _ := readTrace(q.trace)
			t.Logf("-seed=%d; what happened:\n%s\nand what became of it:\n%s", seed, strings.Join(q.story, "\n"), strings.Join(lines, "\n"))
		}
	})
	return q
}

func (q *sequence) tell(format string, args ...any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.story = append(q.story, fmt.Sprintf("%8.3f  ", time.Since(q.began).Seconds())+fmt.Sprintf(format, args...))
}

func (q *sequence) chance(n int) bool { return q.rand.IntN(n) == 0 }

// addOne puts a server, a worker or a task into the plan.
func (q *sequence) addOne() {
	p := q.add(fmt.Sprintf("p%d-0", q.made))
	q.made++
	p.Server, p.StopTimeout = p.Name, patience
	p.Restart = []plan.Restart{plan.RestartAlways, plan.RestartAlways, plan.RestartOnFailure, plan.RestartNever}[q.rand.IntN(4)]
	kind := q.rand.IntN(6)
	if q.made == 1 {
		kind %= 4 // with tasks alone, nothing runs once they are done
	}
	switch kind {
	case 0, 1:
		p.Listen = kind == 0
	case 2, 3:
		p.Kind = plan.Worker
		p.Health.Path, p.Health.TCP, p.URL = "", true, ""
		if kind == 3 {
			p.Health.TCP, p.Health.Log, p.Port = false, "ready", 0
		}
	default:
		p.Kind, p.Restart, p.Port, p.URL, p.Timeout, p.Health = plan.Task, plan.RestartNever, 0, "", patience, plan.Health{}
	}
	q.vary(p)
	q.depend(len(q.plan.Processes) - 1)
}

// vary gives a process another command line.
func (q *sequence) vary(p *plan.Process) {
	at := []string{fmt.Sprintf("-delay=%dms", q.rand.IntN(30))}
	switch {
	case p.Kind == plan.Task:
		at = append(at, "-exit=0")
		if p.Unless = nil; q.chance(2) {
			p.Unless = []string{p.Exe, "traced", "-trace", q.trace, fmt.Sprintf("-exit=%d", q.rand.IntN(2))}
		}
	case p.Listen:
		at = append(at, "-port=0")
	case p.Port > 0:
		at = append(at, "-port="+strconv.Itoa(p.Port))
	}
	p.Args = append([]string{p.Exe, "traced", "-trace", q.trace}, at...)
}

// depend lets a process depend on some of those before it.
func (q *sequence) depend(i int) {
	p := &q.plan.Processes[i]
	p.DependsOn, p.After, p.RestartWith = nil, nil, nil
	for _, on := range q.plan.Processes[:i] {
		switch q.rand.IntN(4) {
		case 0:
			p.DependsOn = append(p.DependsOn, on.Name)
		case 1:
			p.After = append(p.After, on.Name)
		default:
			continue
		}
		if q.chance(3) {
			p.RestartWith = append(p.RestartWith, on.Name)
		}
	}
}

// connect tells the processes what they need, and gives them their ranks.
func (q *sequence) connect() {
	ranks := map[string]int{}
	for i := range slices.Backward(q.plan.Processes) {
		p := &q.plan.Processes[i]
		p.StopRank = max(ranks[p.Name], 1)
		for _, on := range slices.Concat(p.DependsOn, p.After) {
			ranks[on] = max(ranks[on], p.StopRank+1)
		}
		needs := []string{"-needs=" + or(p.DependsOn), "-after=" + or(p.After)}
		told := func(argv []string) []string {
			argv = slices.DeleteFunc(slices.Clone(argv), func(s string) bool { return strings.HasPrefix(s, "-needs=") || strings.HasPrefix(s, "-after=") })
			return append(argv, needs...)
		}
		if p.Args = told(p.Args); p.Unless != nil {
			p.Unless = told(p.Unless)
		}
	}
}

func or(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return strings.Join(names, ",")
}

// edit changes the plan.
func (q *sequence) edit() {
	q.plan.Processes = slices.Clone(q.plan.Processes) // others may be reading those
	i := q.rand.IntN(len(q.plan.Processes))
	p := &q.plan.Processes[i]
	switch q.rand.IntN(5) {
	case 0:
		q.addOne()
		q.tell("edit: %s is added", q.plan.Processes[len(q.plan.Processes)-1].Name)
	case 1:
		if i == 0 {
			return
		}
		q.tell("edit: %s is removed", p.Name)
		name := p.Name
		q.plan.Processes = slices.Delete(q.plan.Processes, i, i+1)
		for i := range q.plan.Processes {
			p, other := &q.plan.Processes[i], func(on string) bool { return on == name }
			p.DependsOn = slices.DeleteFunc(slices.Clone(p.DependsOn), other)
			p.After = slices.DeleteFunc(slices.Clone(p.After), other)
			p.RestartWith = slices.DeleteFunc(slices.Clone(p.RestartWith), other)
		}
	case 2:
		q.tell("edit: the environment of %s", p.Name)
		p.Env = []string{fmt.Sprintf("FORM=%d", q.rand.IntN(1000))}
	case 3:
		q.tell("edit: the command of %s", p.Name)
		q.vary(p)
	case 4:
		q.depend(i)
		q.tell("edit: %s depends on %v, %v, and restarts with %v", p.Name, p.DependsOn, p.After, p.RestartWith)
	}
	q.connect()
}

// order makes one up: a verb and the names that restrict it.
func (q *sequence) order() []string {
	var names []string
	if q.chance(2) {
		names = []string{q.plan.Processes[q.rand.IntN(len(q.plan.Processes))].Name}
	}
	switch kind := q.rand.IntN(9); kind {
	case 0, 1, 2:
		return append([]string{"start"}, names...)
	case 3, 4:
		return append([]string{"stop:own"}, names...)
	case 5, 6:
		return append([]string{"restart:own"}, names...)
	case 7:
		q.edit()
	}
	q.edit()
	return []string{"reload"}
}

// command readies a command that is a process of its own; the returned function lets
// it do its work, which must come to an end.
func (q *sequence) command(order ...string) (run func() error) {
	file := filepath.Join(q.t.TempDir(), "plan.json")
	b, err := json.Marshal(q.plan)
	if err == nil {
		err = os.WriteFile(file, b, 0o600)
	}
	if err != nil {
		q.t.Fatal(err)
	}
	return func() error {
		ctx, cancel := context.WithTimeout(q.t.Context(), patience)
		defer cancel()
		q.tell("%s", order)
		exe, _ := os.Executable()
		out, err := exec.CommandContext(ctx, exe, append([]string{"command", order[0], string(q.local), file}, order[1:]...)...).CombinedOutput()
		if err != nil {
			err = errors.New(strings.TrimSpace(string(out)))
		}
		q.tell("          %s ended: %v", order, err)
		if ctx.Err() != nil {
			q.t.Errorf("%s hangs", order)
		}
		return err
	}
}

// step gives one order, or lets things happen at once, and proves that all was in
// order.
func (q *sequence) step() {
	if q.t.Failed() {
		return
	}
	_, lines, _ := readTrace(q.trace)
	from, atOnce := len(lines), false
	order := q.order()
	run := q.command(order...)
	pause := time.Duration(q.rand.IntN(100)) * time.Millisecond
	switch q.rand.IntN(9) {
	case 0: // two commands
		atOnce = true
		other := q.command(q.order()...)
		var running sync.WaitGroup
		running.Go(func() { time.Sleep(pause); other() })
		run()
		running.Wait()
	case 1, 2: // a death while a command works
		atOnce = true
		victim, supervisor := q.rand.IntN(1<<16), q.chance(2)
		var killing sync.WaitGroup
		killing.Go(func() { time.Sleep(pause); q.kill(victim, supervisor) })
		run()
		killing.Wait()
	case 3: // a death at rest
		q.kill(0, true)
		run()
	case 4:
		atOnce = true
		q.kill(q.rand.IntN(1<<16), false)
	default:
		if err := run(); err != nil && len(order) == 1 && order[0] != "reload" && !nothingToDo(err) {
			q.t.Errorf("%s: %v", order, err)
		}
	}
	if st := q.status(); atOnce && !st.Supervisor.Alive && st.Running {
		q.command("start")() // takes over what there is
	}
	eventually(q.t, "it comes to rest", q.rests)
	runs, _, err := readTrace(q.trace)
	if err == nil {
		err = inTime(runs, from, atOnce)
	}
	if err == nil && !atOnce {
		err = endInOrder(runs, from)
	}
	if err != nil {
		q.t.Errorf("after %s: %v", order, err)
	}
	if !q.status().Running {
		note(q.trace, "- stop")
	}
}

// nothingToDo tells of a command that found nothing, or nobody, to do it.
func nothingToDo(err error) bool {
	return err.Error() == ErrNothingRuns.Error() || err.Error() == ErrNoSupervisor.Error()
}

// kill ends a process, or the supervisor, in the way of which nobody is told.
func (q *sequence) kill(victim int, supervisor bool) {
	st, err := q.client().Status(q.t.Context())
	if err != nil {
		return
	}
	if supervisor {
		if id, err := proc.Identify(st.Supervisor.PID); err == nil && st.Supervisor.Alive {
			q.tell("kill the supervisor")
			id.Signal(syscall.SIGKILL)
			eventually(q.t, "the supervisor has gone", func() bool { return !id.Alive() })
		}
		return
	}
	if len(st.Processes) == 0 {
		return
	}
	p := st.Processes[victim%len(st.Processes)]
	if id, err := proc.Identify(p.PID); err == nil && proc.Marked(p.PID, q.local) {
		q.tell("kill %s", p.Name)
		note(q.trace, "- kill "+p.Name)
		id.Signal(syscall.SIGKILL)
		eventually(q.t, "the killed process has gone", func() bool { return !id.Alive() })
	}
}

// rests tells whether nothing is on its way any more.
func (q *sequence) rests() bool {
	st := q.status()
	return !st.Supervisor.Alive || !slices.ContainsFunc(st.Processes, func(p ProcessStatus) bool {
		_, err := proc.Identify(p.PID)
		told := p.PID == 0 || err == nil // of a death
		return !told || !p.State.well() && p.State != Stopped && p.State != Failed && (p.State != Starting || p.PID != 0)
	})
}

// finish proves that a start brings all up, and that a stop leaves nothing.
func (q *sequence) finish() {
	if q.t.Failed() {
		return
	}
	_, lines, _ := readTrace(q.trace)
	from := len(lines)
	q.command("start")() // it may have to wait for what is not in the plan any more
	q.command("reload")()
	if err := q.command("start")(); err != nil {
		q.t.Fatalf("start: %v", err)
	}
	st := q.status()
	if !st.Healthy() || len(st.Processes) != len(q.plan.Processes) {
		q.t.Errorf("after a start: %+v", st)
	}
	for _, p := range st.Processes {
		if !slices.ContainsFunc(q.plan.Processes, func(want plan.Process) bool { return want.Name == p.Name }) || !p.State.well() {
			q.t.Errorf("after a start: %+v", p)
		}
	}
	runs, lines, err := readTrace(q.trace)
	if err = errors.Join(err, inTime(runs, from, false), oneLeft(runs, st)); err != nil {
		q.t.Error(err)
	}
	from = len(lines)
	if q.chance(3) {
		q.kill(0, true)
	}
	if err := q.command("stop:own")(); err != nil {
		q.t.Error(err)
	}
	runs, _, err = readTrace(q.trace)
	if err = errors.Join(err, endInOrder(runs, from), oneLeft(runs, Status{})); err != nil {
		q.t.Error(err)
	}
	for _, r := range runs {
		if r.end == 0 && !r.done {
			q.t.Errorf("%s (pid %d) is left", r.name, r.pid)
		}
	}
	if left := q.marked(); len(left) > 0 {
		q.t.Errorf("left running: %v", left)
	}
	if log := q.log(supervisorName); strings.Contains(log, "DATA RACE") || strings.Contains(log, "panic:") {
		q.t.Error("see the supervisor's log")
	}
}
