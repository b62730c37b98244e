package stack

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"muster/internal/events"
	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/supervise"
)

// Analysis tells what waited for what in the last start, restart or reload, as
// `backend:analyze -json` prints it. Times are in seconds since its beginning.
type Analysis struct {
	Operation string            `json:"operation"`
	Began     time.Time         `json:"began"`
	Prepared  float64           `json:"prepared"` // how long the command had worked before: configuration, tools, the gateway's file
	Seconds   float64           `json:"seconds"`  // until it ended, or until the last thing that happened
	Error     string            `json:"error,omitempty"`
	Processes []AnalyzedProcess `json:"processes"`     // in the order in which they were launched
	Critical  []CriticalStep    `json:"critical_path"` // in the order of time: to make it shorter makes the start shorter
}

// AnalyzedProcess is the start of one process.
type AnalyzedProcess struct {
	Process  string         `json:"process"`
	Of       string         `json:"of"` // server, worker, task, ...
	State    string         `json:"state"`
	Waited   []AnalyzedWait `json:"waited,omitempty"`
	Launched float64        `json:"launched,omitempty"` // the first time
	Ready    float64        `json:"ready,omitempty"`    // healthy, or succeeded; 0: it is not
	Launches int            `json:"launches"`

	told float64
	by   []string // what it depends on
}

// AnalyzedWait is how long a process was there in time, and another one not.
type AnalyzedWait struct {
	For     string  `json:"for"`
	Seconds float64 `json:"seconds"`
}

// CriticalStep is a process that all that follows waited for.
type CriticalStep struct {
	Process string  `json:"process"`
	Seconds float64 `json:"seconds"` // from the one before to its own good answer
}

// Analyze reads what the journal of events tells of the last operation that launched
// something.
func Analyze(ctx context.Context, dir local.Dir) (Analysis, error) {
	last, err := lastOperation(ctx, dir)
	if err != nil {
		return Analysis{}, err
	}
	if len(last) == 0 {
		return Analysis{}, hint.With(errors.New("no start is known"), "backend:start, and then this again")
	}
	return analyze(last), nil
}

// lastOperation are the events of the last operation that launched something. It looks
// back as far as it has to.
func lastOperation(ctx context.Context, dir local.Dir) (last []events.Event, err error) {
	for n := 256; ; n *= 8 {
		var now []events.Event
		read, launched := 0, false // by the operation that now begins with
		err := events.Read(ctx, dir, events.Query{Last: n}, func(r events.Record) error {
			read++
			if r.Kind == events.Begin && r.Operation != "stop" {
				now, launched = nil, false
			} else if now == nil {
				return nil
			}
			now = append(now, r.Event)
			launched = launched || r.Kind == events.State && r.PID != 0 && r.State == string(supervise.Starting)
			if launched {
				last = now
			}
			return nil
		})
		if err != nil || len(last) > 0 || read < n {
			return last, err
		}
	}
}

func analyze(all []events.Event) Analysis {
	a := Analysis{Operation: all[0].Operation, Began: all[0].Time, Prepared: all[0].Seconds, Processes: []AnalyzedProcess{}, Critical: []CriticalStep{}}
	index := map[string]int{}
	for _, e := range all {
		at := e.Time.Sub(a.Began).Seconds()
		if e.Kind == events.End && e.Operation == a.Operation {
			a.Seconds, a.Error = at, e.Error
			break
		}
		if e.Kind != events.State {
			continue
		}
		a.Seconds = at
		i, known := index[e.Process]
		if !known {
			if e.State != string(supervise.Starting) {
				continue // it is being stopped
			}
			i = len(a.Processes)
			index[e.Process] = i
			a.Processes = append(a.Processes, AnalyzedProcess{Process: e.Process, Of: e.Of, told: at})
		}
		a.Processes[i].take(e, at)
	}
	for i := range a.Processes {
		p := &a.Processes[i]
		for _, name := range p.by {
			if on, ok := index[name]; ok && a.Processes[on].Ready > p.told {
				p.Waited = append(p.Waited, AnalyzedWait{name, a.Processes[on].Ready - p.told})
			}
		}
	}
	a.findCritical(index)
	slices.SortStableFunc(a.Processes, func(p, q AnalyzedProcess) int {
		if never := cmp.Compare(min(q.Launches, 1), min(p.Launches, 1)); never != 0 {
			return never
		}
		return cmp.Compare(p.Launched, q.Launched)
	})
	return a
}

func (p *AnalyzedProcess) take(e events.Event, at float64) {
	p.State = e.State
	if len(e.DependsOn) > 0 {
		p.by = e.DependsOn
	}
	switch supervise.State(e.State) {
	case supervise.Starting:
		if e.PID == 0 {
			return
		}
		if p.Launches++; p.Launches == 1 {
			p.Launched = at
		}
	case supervise.Healthy, supervise.Succeeded:
		if p.Ready == 0 {
			p.Ready = at
		}
	}
}

// findCritical goes back from the process that was ready last, always to the one that
// it had to wait for longest.
func (a *Analysis) findCritical(index map[string]int) {
	var at *AnalyzedProcess
	for i := range a.Processes {
		if p := &a.Processes[i]; at == nil || p.Ready > at.Ready {
			at = p
		}
	}
	for at != nil && at.Ready > 0 {
		var before *AnalyzedProcess
		for _, w := range at.Waited {
			if p := &a.Processes[index[w.For]]; before == nil || p.Ready > before.Ready {
				before = p
			}
		}
		from := 0.0
		if before != nil {
			from = before.Ready
		}
		a.Critical = append(a.Critical, CriticalStep{at.Process, at.Ready - from})
		at = before
	}
	slices.Reverse(a.Critical)
}
