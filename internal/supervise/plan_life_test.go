package supervise

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"muster/internal/plan"
)

// modelled is a plan of which no process exists but in the lifecycle's model.
type modelled struct {
	r     *rand.Rand
	procs []*modelledProcess
	log   []string
}

type modelledProcess struct {
	spec     plan.Process
	life     life
	children int  // that live
	adopted  bool // nobody will know how the child ended
}

// newModelled lays out servers, workers and tasks by chance.
func newModelled(r *rand.Rand) *modelled {
	m := &modelled{r: r}
	for i := range 2 + r.IntN(5) {
		m.procs = append(m.procs, &modelledProcess{spec: m.form(i), life: life{state: Stopped}})
	}
	return m
}

// form makes a process up, which may depend on those before it.
func (m *modelled) form(i int) plan.Process {
	p := plan.Process{Name: fmt.Sprint("p", i), Kind: []plan.Kind{plan.Server, plan.Worker, plan.Task}[m.r.IntN(3)],
		Restart: []plan.Restart{plan.RestartAlways, plan.RestartAlways, plan.RestartOnFailure, plan.RestartNever}[m.r.IntN(4)],
		Health:  plan.Health{Retries: 2}, Timeout: time.Minute}
	if p.Kind == plan.Task {
		p.Restart = plan.RestartNever
		if m.r.IntN(2) == 0 {
			p.Unless = []string{"check"}
		}
	}
	for _, other := range m.procs[:i] {
		switch m.r.IntN(4) {
		case 0:
			p.DependsOn = append(p.DependsOn, other.spec.Name)
		case 1:
			p.After = append(p.After, other.spec.Name)
		}
	}
	return p
}

// reload does what a reload does with a process of which the plan has another form
// now, or another in its place.
func (m *modelled) reload(t *testing.T, i int) {
	p := m.procs[i]
	m.step(t, p, stopOrder{})
	for p.life.state != Stopped {
		m.happen(t, p, true)
	}
	*p = modelledProcess{spec: m.form(i), life: life{state: Stopped}}
	m.log = append(m.log, fmt.Sprintf("%s is %+v", p.spec.Name, p.spec))
	m.step(t, p, startOrder{})
}

// succeed has the next supervisor take over what the one before has left.
func (m *modelled) succeed(t *testing.T) {
	for _, p := range m.procs {
		was := p.life.state
		if p.life = (life{state: Stopped}); was == Succeeded {
			p.life.to(Succeeded, "")
		}
		if p.adopted = p.children > 0; p.adopted {
			m.step(t, p, adopted{})
		}
	}
}

func (m *modelled) find(name string) *modelledProcess {
	return m.procs[slices.IndexFunc(m.procs, func(p *modelledProcess) bool { return p.spec.Name == name })]
}

// blockedBy is that of process.
func (m *modelled) blockedBy(p *modelledProcess) string {
	for _, name := range p.spec.DependsOn {
		if !m.find(name).life.state.well() {
			return name
		}
	}
	for _, name := range p.spec.After {
		if on := m.find(name); on.children == 0 && !on.life.state.well() {
			return name
		}
	}
	return ""
}

// step takes an event and does what follows, but for what takes time.
func (m *modelled) step(t *testing.T, p *modelledProcess, e event) {
	m.log = append(m.log, fmt.Sprintf("%s %T %+v", p.spec.Name, e, e))
	do := e.on(&p.life, &p.spec)
	for ; len(do) > 0; do = do[1:] {
		if do[0].do != doLaunch {
			continue
		}
		if by := m.blockedBy(p); by != "" {
			do = append(do, blocked{by}.on(&p.life, &p.spec)...)
			continue
		}
		if p.children++; p.children > 1 {
			t.Fatalf("%s is doubled:\n%v", p.spec.Name, m.log)
		}
		p.adopted = false
		do = append(do, launched{asks: len(p.spec.Unless) > 0 && !p.life.asked}.on(&p.life, &p.spec)...)
	}
}

// happen lets one thing happen to a process that can: its child ends, or answers, or
// what it waits for is there. It tells whether there was any.
func (m *modelled) happen(t *testing.T, p *modelledProcess, kind bool) bool {
	bad := !kind && m.r.IntN(4) == 0
	switch {
	case p.children > 0 && p.life.state == Stopping, p.children > 0 && (bad || p.spec.Kind == plan.Task):
		p.children = 0
		ok := !bad && !p.life.asks // a task's question says that it is to be run
		m.step(t, p, ended{how: fmt.Sprint("exit code ", ok), ok: ok && !p.adopted, unknown: p.adopted})
	case p.children > 0 && p.life.state != Healthy:
		m.step(t, p, checkResult{})
	case p.children == 0 && p.life.state == Starting && m.blockedBy(p) == "":
		m.step(t, p, unblocked{})
	case p.children == 0 && p.life.state == Backoff:
		m.step(t, p, timeUp{})
	default:
		return false
	}
	return true
}

// settle lets all that can happen happen, and all of it well.
func (m *modelled) settle(t *testing.T) {
	for range 1000 {
		moved := false
		for _, p := range m.procs {
			moved = m.happen(t, p, true) || moved
		}
		if !moved {
			return
		}
	}
	t.Fatalf("it never comes to rest:\n%v", m.log)
}

// TestPlansComeToRest gives any plan any orders while anything happens to it: no
// process is doubled, none is launched before what it depends on is there, and once
// nothing goes wrong any more a start brings everything up, and a stop ends it.
func TestPlansComeToRest(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	for i := range uint64(10_000) {
		m := newModelled(rand.New(rand.NewPCG(seed, i)))
		for range 40 {
			i := m.r.IntN(len(m.procs))
			p := m.procs[i]
			switch m.r.IntN(15) {
			case 0:
				m.step(t, p, startOrder{failFast: m.r.IntN(2) == 0})
			case 1:
				m.step(t, p, stopOrder{})
			case 2:
				m.step(t, p, restartOrder{})
			case 3:
				m.step(t, p, haltOrder{})
			case 4:
				m.reload(t, i)
			case 5:
				m.succeed(t)
			default:
				m.happen(t, p, false)
			}
		}
		for _, p := range m.procs {
			m.step(t, p, startOrder{})
		}
		m.settle(t)
		for _, p := range m.procs {
			want := Healthy
			if p.spec.Kind == plan.Task {
				want = Succeeded
			}
			if p.life.state != want {
				t.Fatalf("seed %d, %d: %s is %s (%s) after a start:\n%v", seed, i, p.spec.Name, p.life.state, p.life.detail, m.log)
			}
		}
		for _, p := range slices.Backward(m.procs) {
			m.step(t, p, stopOrder{})
		}
		m.settle(t)
		for _, p := range m.procs {
			if p.life.state != Stopped || p.children > 0 {
				t.Fatalf("seed %d, %d: %s is %s after a stop:\n%v", seed, i, p.spec.Name, p.life.state, m.log)
			}
		}
	}
}
