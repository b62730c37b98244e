package supervise

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"muster/internal/local"
	"muster/internal/logs/view"
	"muster/internal/plan"
	"muster/internal/proc"
	"muster/internal/version"
)

// Status is what runs, as `backend:status -json` prints it.
type Status struct {
	Running    bool             `json:"running"`
	Elsewhere  string           `json:"elsewhere,omitempty"` // where, if not among the processes that we see; then all is as it was last written
	Supervisor SupervisorStatus `json:"supervisor"`
	Processes  []ProcessStatus  `json:"processes"`
	Warnings   []string         `json:"warnings"` // what is wrong with the logs, and does not keep them all from running
}

// SupervisorStatus is the supervisor itself.
type SupervisorStatus struct {
	PID   int            `json:"pid"`
	Alive bool           `json:"alive"`
	Build *version.Build `json:"build,omitempty"` // that it runs; left out where it is not alive, or of a version that does not tell
}

// ProcessStatus is one process. CPU and memory include its descendants; CPU
// is the average over its life, as in ps(1).
type ProcessStatus struct {
	Name          string    `json:"name"`
	Server        string    `json:"server"` // of which it is an instance
	Kind          plan.Kind `json:"kind"`
	State         State     `json:"state"`
	PID           int       `json:"pid"`
	Port          int       `json:"port"`
	URL           string    `json:"url"`
	External      bool      `json:"external,omitempty"` // it was started elsewhere
	Debug         int       `json:"debug,omitempty"`    // port of the debugger
	Modules       []string  `json:"modules"`
	Restarts      int       `json:"restarts"`
	Adopted       bool      `json:"adopted"`
	UptimeSeconds float64   `json:"uptime_seconds"`
	StateSeconds  float64   `json:"state_seconds"` // since it is in its state; 0: not known
	CPUPercent    float64   `json:"cpu_percent"`
	RSSBytes      int64     `json:"rss_bytes"`
	Detail        string    `json:"detail,omitempty"`
	Hint          string    `json:"hint,omitempty"` // what to do about it
	Cause
	WaitsFor  string          `json:"waits_for,omitempty"` // the process that has to be there first
	Log       string          `json:"log"`
	LogFrom   int64           `json:"log_from"`             // size of the log at its launch, in bytes
	LastLines []string        `json:"last_lines,omitempty"` // of the log of a process that ended
	Exception *view.Exception `json:"exception,omitempty"`  // the last one in them
}

// Ended tells whether a process runs no more, and will not by itself.
func (p ProcessStatus) Ended() bool {
	return p.PID == 0 && (p.State == Stopped || p.State == Failed || p.State == Succeeded)
}

// Healthy tells whether all that is wanted is well, as far as that can be seen.
func (st Status) Healthy() bool {
	return st.Elsewhere == "" && !slices.ContainsFunc(st.Processes, func(p ProcessStatus) bool {
		return !p.State.well() && !(p.State == Stopped && p.Detail == "")
	})
}

// Status tells how every process is.
func (s *supervisor) Status() Status {
	st := Status{Supervisor: SupervisorStatus{PID: s.id.PID, Alive: true, Build: new(version.This())}, Processes: []ProcessStatus{},
		Warnings: append([]string{}, s.unifier.Warnings()...)}
	for _, p := range s.processes() {
		st.Processes = append(st.Processes, processStatus(p.spec, p.snapshot()))
	}
	st.Running = anyRuns(st.Processes)
	return st
}

// Checks are the health checks of the processes of a project that ask for a path,
// by process. It reads the state on disk: none, if nothing runs.
func Checks(dir local.Dir) map[string]plan.Health {
	st, _ := loadState(dir)
	checks := map[string]plan.Health{}
	for _, p := range st.Processes {
		if p.Process.Health.Path != "" {
			checks[p.Process.Name] = p.Process.Health
		}
	}
	return checks
}

func anyRuns(procs []ProcessStatus) bool {
	return slices.ContainsFunc(procs, func(p ProcessStatus) bool {
		return p.PID != 0 || p.State == Backoff || p.State == Starting ||
			p.External && (p.State == Healthy || p.State == Unhealthy)
	})
}

func processStatus(spec plan.Process, now snapshot) ProcessStatus {
	p := ProcessStatus{Name: spec.Name, Server: spec.Server, Kind: spec.Kind, State: now.state, PID: now.id.PID, Port: spec.Port,
		URL: spec.URL, External: spec.External, Debug: spec.Debug, Modules: spec.Modules, Restarts: now.restarts, Adopted: now.adopted,
		Detail: now.detail, Hint: now.hint, Cause: now.cause, WaitsFor: now.waitsFor, Log: spec.Log, LogFrom: now.logged}
	if p.Modules == nil {
		p.Modules = []string{}
	}
	if !now.changed.IsZero() {
		p.StateSeconds = time.Since(now.changed).Seconds()
	}
	if stale(spec, now) {
		p.Detail = strings.TrimPrefix(p.Detail+"; ", "; ") + "runs with another configuration than " + spec.ConfigFile + " holds: backend:reload has it read that"
		if p.Reason == "" {
			p.Reason = OtherConfig
		}
	}
	if now.state == Starting && p.Detail == "" {
		p.Detail, p.Cause = now.check, now.checked
	}
	if now.state == Backoff || now.state == Failed || now.cause.Reason == WorkerEnded {
		p.LastLines = lastWords(spec.Log)
		p.Exception = view.LastException(p.LastLines)
	}
	if p.PID != 0 {
		cpu, rss := proc.Usage(p.PID)
		up := time.Since(now.since)
		p.UptimeSeconds, p.RSSBytes = up.Seconds(), rss
		if up > 0 {
			p.CPUPercent = 100 * cpu.Seconds() / up.Seconds()
		}
	}
	return p
}

// deadStatus tells what runs without a supervisor: from the state on disk, the
// kernel, and one health check of each process.
func deadStatus(ctx context.Context, dir local.Dir) (Status, error) {
	saved, err := loadState(dir)
	st := Status{Processes: []ProcessStatus{}, Supervisor: SupervisorStatus{PID: saved.Supervisor.PID}, Warnings: []string{}}
	if elsewhere := new(Elsewhere); errors.As(err, &elsewhere) {
		return elsewhere.status(), nil
	}
	if err != nil {
		return st, err
	}
	st.Processes = make([]ProcessStatus, len(saved.Processes))
	var wg sync.WaitGroup
	for i, sp := range saved.Processes {
		wg.Go(func() {
			now := snapshot{state: Stopped, since: sp.Since, restarts: sp.Restarts, digest: sp.Digest, logged: sp.LogFrom}
			switch {
			case sp.ID.Alive(), sp.Process.External && sp.Wanted:
				now.id, now.state = sp.ID, Healthy
				if sp.Process.Kind == plan.Task {
					now.state = Starting
					break
				}
				r := check(ctx, dir, nil, &sp.Process, sp.Process.Health.Timeout)
				if atBreakpoint := r.verdict == verdictHung && sp.Process.MayStandStill(); r.verdict != verdictHealthy && !atBreakpoint {
					now.state, now.detail, now.cause = Unhealthy, r.reason, r.cause
				}
			case sp.State == Succeeded:
				now.state = Succeeded
			case sp.ID.PID != 0:
				now.state, now.detail, now.cause = Failed, "ended while no supervisor ran", Cause{Reason: Gone}
			}
			st.Processes[i] = processStatus(sp.Process, now)
		})
	}
	wg.Wait()
	st.Running = anyRuns(st.Processes)
	return st, nil
}
