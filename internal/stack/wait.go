package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"muster/internal/events"
	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/logs/view"
	"muster/internal/supervise"
)

// WaitOptions say what is waited for.
type WaitOptions struct {
	Only    []string // names of processes or servers; none: all that run
	For     string   // ForHealthy, ForStopped, or ForLog and a regular expression
	Timeout time.Duration
}

// What can be waited for.
const (
	ForHealthy = "healthy" // tasks: succeeded
	ForStopped = "stopped"
	ForLog     = "log:" // one of the processes has printed a line that matches, since its launch
)

// DefaultWait is how long is waited where nobody says it.
const DefaultWait = time.Minute

// Waited is what became of it, as `backend:wait -json` prints it.
type Waited struct {
	For       string                    `json:"for"`
	Met       bool                      `json:"met"`
	Seconds   float64                   `json:"seconds"`
	Line      string                    `json:"line,omitempty"`    // of the log, that matched
	Process   string                    `json:"process,omitempty"` // that printed it
	Why       string                    `json:"why,omitempty"`     // it is not met
	Processes []supervise.ProcessStatus `json:"processes"`
}

// wait is one that goes on.
type wait struct {
	WaitOptions
	find *regexp.Regexp
	logs map[string]*logOf
}

type logOf struct {
	*supervise.LogWait
	pid int
}

// Wait returns once what is waited for is so, with an error once it cannot become so
// any more, or when the time is over. It asks when something happens, and where nobody
// tells of that once in a while.
func Wait(ctx context.Context, c *supervise.Client, o WaitOptions) (Waited, error) {
	w := wait{WaitOptions: o, logs: map[string]*logOf{}}
	began, out := time.Now(), Waited{For: o.For, Processes: []supervise.ProcessStatus{}}
	pattern, isLog := strings.CutPrefix(o.For, ForLog)
	switch {
	case isLog:
		var err error
		if w.find, err = regexp.Compile(pattern); err != nil {
			return out, UsageError(fmt.Sprintf("%q is no regular expression: %s", pattern, strings.TrimPrefix(err.Error(), "error parsing regexp: ")))
		}
	case o.For != ForHealthy && o.For != ForStopped:
		return out, UsageError(fmt.Sprintf("%q cannot be waited for: it is %s, %s or %sREGEX", o.For, ForHealthy, ForStopped, ForLog))
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	happened := make(chan struct{}, 1)
	if err := c.Local.Make(); err != nil { // it is to be seen when something starts
		return out, err
	}
	for _, path := range []string{c.Local.Events(), c.Local.Unified()} {
		defer wakeAt(ctx, path, happened)()
	}
	look := time.NewTicker(unheard)
	defer look.Stop()
	for {
		st, err := c.Status(ctx)
		if ctx.Err() == nil {
			if err != nil {
				return out, err
			}
			var final bool
			out.Processes, out.Why, final = w.judge(st, &out)
			out.Met, out.Seconds = out.Why == "", time.Since(began).Seconds()
			if !out.Met && len(st.Processes) == 0 { // the supervisor went with the last of them
				why, at := lastFailures(ctx, c.Local)
				out.Why, final = out.Why+why, at.After(began)
			}
			if out.Met {
				return out, nil
			}
			if final {
				return out, hint.With(fmt.Errorf("%s cannot be waited for any more: %s", o.For, out.Why), "backend:status tells more")
			}
		}
		select {
		case <-happened:
		case <-look.C:
		case <-ctx.Done():
			if err := context.Cause(ctx); !errors.Is(err, context.DeadlineExceeded) {
				return out, err
			}
			what := "not " + o.For
			if isLog {
				what = fmt.Sprintf("no line matches %q", pattern)
			}
			return out, hint.With(fmt.Errorf("%s within %s: %s", what, o.Timeout, out.Why), "backend:status tells more; -timeout=5m waits longer")
		}
	}
}

// lastFailures tells which processes had failed when the last of all ended, and when.
func lastFailures(ctx context.Context, dir local.Dir) (why string, at time.Time) {
	failures, at := LastFailures(ctx, dir)
	for _, f := range failures {
		why += fmt.Sprintf("; %s had failed: %s", f.Process, f.Detail)
	}
	return why, at
}

// LastFailures are the processes that have failed since the last operation began and
// were not started again, and when the last of them did. A start that fails stops them
// too: what runs does not tell of them.
func LastFailures(ctx context.Context, dir local.Dir) (all []supervise.Failure, at time.Time) {
	failed := map[string]supervise.Failure{}
	events.Read(ctx, dir, events.Query{Last: 2000}, func(r events.Record) error {
		switch {
		case r.Kind == events.Begin:
			clear(failed)
		case r.Kind != events.State:
		case r.State == string(supervise.Failed):
			at = r.Time
			failed[r.Process] = supervise.Failure{Process: r.Process, Detail: r.Detail,
				Cause: supervise.Cause{Reason: supervise.Reason(r.Reason), ExitCode: r.ExitCode, Signal: r.Signal, HTTPStatus: r.HTTPStatus}}
		case r.State != string(supervise.Stopped) && r.State != string(supervise.Stopping):
			delete(failed, r.Process)
		}
		return nil
	})
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		f := failed[name]
		f.ReadLog(dir.Log(name))
		all = append(all, f)
	}
	return all, at
}

// unheard is how often is asked of what nobody tells: a supervisor that was killed.
const unheard = time.Second

// wakeAt sends when a log grows, until the returned function is called. Where it cannot
// be followed nothing is sent.
func wakeAt(ctx context.Context, path string, to chan<- struct{}) (leave func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r, _, err := view.NewReader(path, view.Cursor{})
		if err != nil {
			return
		}
		defer r.Close()
		r.Follow(ctx, func([]byte, view.Cursor) error {
			select {
			case to <- struct{}{}:
			default:
			}
			return nil
		})
	}()
	return func() {
		cancel()
		<-done
	}
}

// Statuses are how what runs is, from now on whenever something happens, and once a
// second, until ctx ends.
func Statuses(ctx context.Context, c *supervise.Client) (<-chan supervise.Status, error) {
	if err := c.Local.Make(); err != nil { // it is to be seen when something starts
		return nil, err
	}
	happened, next := make(chan struct{}, 1), make(chan supervise.Status)
	go func() {
		defer wakeAt(ctx, c.Local.Events(), happened)()
		look := time.NewTicker(unheard)
		defer look.Stop()
		for ctx.Err() == nil {
			if st, err := c.Status(ctx); err == nil { // else it begins or ends at this moment
				select {
				case next <- st:
				case <-ctx.Done():
				}
			}
			select {
			case <-happened:
			case <-look.C:
			case <-ctx.Done():
			}
		}
	}()
	return next, nil
}

// judge tells of the chosen processes why it is not yet so, or that it will never be;
// "" is: it is so.
func (w *wait) judge(st supervise.Status, out *Waited) (chosen []supervise.ProcessStatus, why string, final bool) {
	chosen = slices.DeleteFunc(slices.Clone(st.Processes), func(p supervise.ProcessStatus) bool {
		return len(w.Only) > 0 && !slices.Contains(w.Only, p.Name) && !slices.Contains(w.Only, p.Server)
	})
	var not []string
	well := 0
	for _, p := range chosen {
		switch {
		case w.find != nil && w.said(p):
			out.Line, out.Process = w.logs[p.Name].Line, p.Name
			return chosen, "", false
		case w.For == ForStopped && p.Ended():
		case w.For == ForHealthy && (p.State == supervise.Healthy || p.State == supervise.Succeeded):
			well++
		case w.For == ForHealthy && p.State == supervise.Stopped && p.Detail == "" && len(w.Only) == 0: // a person has stopped it
		default:
			not = append(not, state(p))
			final = final || p.State == supervise.Failed
		}
	}
	switch {
	case len(not) > 0 && w.find != nil:
		return chosen, strings.Join(not, "; "), len(not) == len(chosen) && !slices.ContainsFunc(chosen, mayRun)
	case len(not) > 0:
		return chosen, strings.Join(not, "; "), final
	case w.For == ForStopped || well > 0:
		return chosen, "", false
	case len(w.Only) > 0 && st.Running:
		return chosen, strings.Join(w.Only, ", ") + " does not run", false
	}
	return chosen, "nothing runs", false
}

func mayRun(p supervise.ProcessStatus) bool { return p.State != supervise.Failed }

// said tells whether a process has printed the line since its launch.
func (w *wait) said(p supervise.ProcessStatus) bool {
	l := w.logs[p.Name]
	if l == nil || l.pid != p.PID && p.PID != 0 {
		l = &logOf{supervise.NewLogWait(p, w.find.String()), p.PID}
		w.logs[p.Name] = l
	}
	return l.Yet()
}

func state(p supervise.ProcessStatus) string {
	s := p.Name + " is " + string(p.State)
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	return s
}
