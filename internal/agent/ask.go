package agent

import (
	"context"
	"slices"

	"muster/internal/apidoc"
	"muster/internal/clients"
	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/plan"
	"muster/internal/stack"
	"muster/internal/supervise"
)

func (s *server) addReading() {
	add(s, reads, "status", "Status", "How the processes of this project are: state, reason, exit_code, exception, last_lines and more of each. Call it first.", status)
	add(s, reads, "wait", "Wait", "Waits until processes are healthy or stopped, or a line of their logs matches, and says why not if that cannot come.", wait)
	add(s, reads, "logs", "Logs", "Lines of the unified log, the newest if there is no cursor, and the exceptions in them with type, file and line.", readLogs)
	add(s, reads, "requests", "Requests", "Requests that the gateway has answered: method, path, status, seconds, and the process that answered. The newest, or the slowest.", requestsOf)
	add(s, reads, "routes", "Routes", "Which URL the gateway sends to which server; a route with a problem is one that nothing answers.", routes)
	add(s, reads, "api_diff", "API difference", "Which operations of the API differ between two states of its documents, and whether a change breaks clients.", apiDiff)
	add(s, reads, "clients_freshness", "Freshness of clients", "Whether the generated clients are what the API's documents say.", clientsFreshness)
	add(s, reads, "doctor", "Doctor", "Checks configuration, tools, ports, limits, disk, processes and orphans, and says what mends what is wrong.", doctor)
	add(s, reads, "config_check", "Check of the configuration", "Every mistake in dev-config.yaml, each with file, line and column.", configCheck)
}

type pageInput struct {
	Cursor string `json:"cursor,omitempty" jsonschema:"next_cursor of the answer before; left out: from the beginning"`
}

type statusInput struct {
	Only   []string `json:"only,omitempty" jsonschema:"names of processes or servers; left out: all"`
	Cursor string   `json:"cursor,omitempty" jsonschema:"next_cursor of the answer before; left out: from the beginning"`
}

type statusAnswer struct {
	Running     bool                       `json:"running" jsonschema:"something runs"`
	Healthy     bool                       `json:"healthy" jsonschema:"all that is wanted is well"`
	ConfigValid bool                       `json:"config_valid" jsonschema:"the configuration has no mistakes; else see config_check"`
	URL         string                     `json:"url,omitempty" jsonschema:"where the stack is reached"`
	Elsewhere   string                     `json:"elsewhere,omitempty" jsonschema:"the PID namespace of the container in which it runs, if that is another one"`
	Supervisor  supervise.SupervisorStatus `json:"supervisor"`
	Counts      map[supervise.State]int    `json:"counts" jsonschema:"how many processes are in which state"`
	Differences []plan.Difference          `json:"differences,omitempty" jsonschema:"what runs otherwise than the configuration says today; reload takes that over"`
	Warnings    []string                   `json:"warnings,omitempty" jsonschema:"what is wrong with the logs, and keeps nobody from running"`
	Failures    []supervise.Failure        `json:"failures,omitempty" jsonschema:"processes that failed in the last operation, a start perhaps that then stopped all, and were not started again"`
	Processes   []supervise.ProcessStatus  `json:"processes" jsonschema:"those that are not well first"`
	NextCursor  string                     `json:"next_cursor,omitempty" jsonschema:"there are more: hand it back as cursor"`
}

func status(ctx context.Context, c *call, in statusInput) (a statusAnswer, err error) {
	st, err := c.Client.Status(ctx)
	if err == nil {
		err = stack.CheckNames(ctx, c.Client, c.Config, in.Only)
	}
	if err != nil {
		return a, err
	}
	a = statusAnswer{Running: st.Running, Healthy: st.Healthy(), ConfigValid: c.Wrong == nil, Elsewhere: st.Elsewhere,
		Supervisor: st.Supervisor, Counts: map[supervise.State]int{}}
	for _, text := range st.Warnings[:min(len(st.Warnings), 5)] {
		a.Warnings = append(a.Warnings, clip(text, 300))
	}
	if c.Wrong == nil {
		a.URL = c.Config.URL()
		if diffs, err := stack.Differences(ctx, c.Client, c.Config); err == nil && st.Running {
			a.Differences = diffs[:min(len(diffs), 20)]
		}
	}
	if in.Cursor == "" {
		failures, _ := stack.LastFailures(ctx, c.Client.Local)
		a.Failures = shortFailures(failures, listBytes/4)
	}
	for _, p := range st.Processes {
		a.Counts[p.State]++
	}
	a.Processes, a.NextCursor, err = pageOf(chosen(st.Processes, in.Only), in.Cursor, listBytes-sizeOf(a.Failures)-sizeOf(a.Differences))
	return a, err
}

// chosen are processes by their names or their servers', those that are not well first,
// each with no more than an answer can hold.
func chosen(all []supervise.ProcessStatus, only []string) []supervise.ProcessStatus {
	var some []supervise.ProcessStatus
	for _, p := range all {
		if len(only) == 0 || slices.Contains(only, p.Name) || slices.Contains(only, p.Server) {
			some = append(some, short(p))
		}
	}
	slices.SortStableFunc(some, func(a, b supervise.ProcessStatus) int { return unwell(b) - unwell(a) })
	return some
}

func unwell(p supervise.ProcessStatus) int {
	switch p.State {
	case supervise.Failed, supervise.Backoff, supervise.Unhealthy:
		return 2
	case supervise.Starting, supervise.Stopping:
		return 1
	}
	return 0
}

func short(p supervise.ProcessStatus) supervise.ProcessStatus {
	p.Detail, p.HolderCommand = clip(p.Detail, itemBytes/4), clip(p.HolderCommand, itemBytes/8)
	p.Hint = clip(p.Hint, itemBytes/8)
	p.LastLines = lastOf(p.LastLines, itemBytes/2)
	if e := p.Exception; e != nil {
		e.Message = clip(e.Message, itemBytes/8)
	}
	return p
}

type routesAnswer struct {
	Routes     []gateway.Route `json:"routes" jsonschema:"in the order in which a person looks for one: an exact path wins over a prefix, a long one over a short one"`
	Unanswered int             `json:"unanswered" jsonschema:"how many have a problem"`
	NextCursor string          `json:"next_cursor,omitempty"`
}

func routes(_ context.Context, c *call, in pageInput) (a routesAnswer, err error) {
	cfg, err := c.valid()
	if err != nil {
		return a, err
	}
	if cfg.Nginx == nil {
		return a, usage(cfg.File + " has no nginx section, so there is no gateway")
	}
	all, err := gateway.Routes(cfg)
	if err != nil {
		return a, err
	}
	for _, r := range all {
		if r.Problem != "" {
			a.Unanswered++
		}
	}
	slices.SortStableFunc(all, func(x, y gateway.Route) int { return min(len(y.Problem), 1) - min(len(x.Problem), 1) })
	a.Routes, a.NextCursor, err = page(all, in.Cursor)
	return a, err
}

type diffInput struct {
	From   string `json:"from,omitempty" jsonschema:"a folder, a file or a git revision; left out: HEAD"`
	To     string `json:"to,omitempty" jsonschema:"likewise; left out: the documents as they are now"`
	Cursor string `json:"cursor,omitempty" jsonschema:"next_cursor of the answer before; left out: from the beginning"`
}

type diffAnswer struct {
	Breaking   bool                    `json:"breaking" jsonschema:"a client of the old documents may fail"`
	Changes    []apidoc.DocumentChange `json:"changes" jsonschema:"the breaking ones first"`
	NextCursor string                  `json:"next_cursor,omitempty"`
}

func apiDiff(ctx context.Context, c *call, in diffInput) (a diffAnswer, err error) {
	cfg, err := c.valid()
	if err != nil {
		return a, err
	}
	from := in.From
	if from == "" {
		from = "HEAD"
	}
	all, err := apidoc.DiffStates(ctx, cfg.Specs.Dir, from, in.To)
	if err != nil {
		return a, err
	}
	slices.SortStableFunc(all, func(x, y apidoc.DocumentChange) int {
		switch {
		case x.Breaking == y.Breaking:
			return 0
		case x.Breaking:
			return -1
		}
		return 1
	})
	a.Breaking = len(all) > 0 && all[0].Breaking
	for i := range all {
		all[i].Details = firstOf(all[i].Details, itemBytes/2)
	}
	a.Changes, a.NextCursor, err = page(all, in.Cursor)
	return a, err
}

// firstOf are the first texts that have so many bytes together.
func firstOf(texts []string, most int) (some []string) {
	for _, text := range texts {
		text = clip(text, itemBytes/4)
		if most -= size(text); most < 0 {
			return append(some, "and more")
		}
		some = append(some, text)
	}
	return some
}

type freshnessAnswer struct {
	Stale      bool                `json:"stale" jsonschema:"a client is not what its document says; specs:generate makes it anew"`
	Files      []clients.StaleFile `json:"files" jsonschema:"what specs:generate would change"`
	NextCursor string              `json:"next_cursor,omitempty"`
}

func clientsFreshness(ctx context.Context, c *call, in pageInput) (a freshnessAnswer, err error) {
	cfg, err := c.valid()
	if err != nil {
		return a, err
	}
	fresh, err := clients.Fresh(ctx, cfg)
	if err != nil {
		return a, err
	}
	a.Stale = fresh.Stale
	a.Files, a.NextCursor, err = page(fresh.Files, in.Cursor)
	return a, err
}

type doctorAnswer struct {
	OK         bool            `json:"ok" jsonschema:"nothing is wrong"`
	Findings   []stack.Finding `json:"findings" jsonschema:"what is wrong first"`
	NextCursor string          `json:"next_cursor,omitempty"`
}

func doctor(ctx context.Context, c *call, in pageInput) (a doctorAnswer, err error) {
	all := stack.Examine(ctx, c.Client, c.Config, c.Wrong, c)
	if err := ctx.Err(); err != nil {
		return a, err
	}
	a.OK = true
	for i := range all {
		f := &all[i]
		a.OK = a.OK && (f.OK || f.Warn)
		f.Wrong, f.Mend, f.Detail = clip(f.Wrong, itemBytes/4), clip(c.typed(f.Mend), itemBytes/4), clip(f.Detail, itemBytes/4)
		f.Problems = f.Problems[:min(len(f.Problems), 5)]
		f.Failures = f.Failures[:min(len(f.Failures), 5)]
		for i := range f.Failures {
			f.Failures[i].Detail, f.Failures[i].HolderCommand = clip(f.Failures[i].Detail, 300), clip(f.Failures[i].HolderCommand, 200)
		}
	}
	slices.SortStableFunc(all, func(x, y stack.Finding) int { return rank(x) - rank(y) })
	a.Findings, a.NextCursor, err = page(all, in.Cursor)
	return a, err
}

func rank(f stack.Finding) int {
	switch {
	case f.OK:
		return 2
	case f.Warn:
		return 1
	}
	return 0
}

type checkAnswer struct {
	File       string           `json:"file"`
	Valid      bool             `json:"valid"`
	Count      int              `json:"count" jsonschema:"of all problems"`
	Problems   []config.Problem `json:"problems" jsonschema:"in the order of the file"`
	NextCursor string           `json:"next_cursor,omitempty"`
}

func configCheck(_ context.Context, c *call, in pageInput) (a checkAnswer, err error) {
	check, err := config.Checked(c.File, c.Wrong)
	if err != nil {
		return a, err
	}
	for i := range check.Problems {
		check.Problems[i].Message = clip(check.Problems[i].Message, itemBytes/4)
	}
	a = checkAnswer{File: check.File, Valid: check.Valid, Count: len(check.Problems)}
	a.Problems, a.NextCursor, err = page(check.Problems, in.Cursor)
	return a, err
}
