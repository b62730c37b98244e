// Package stack does what a person asks for: it brings a project's processes up
// from nothing, keeps them in line with the files that are saved, restarts them one
// by one, and finds out what is wrong. It turns a wish into a plan with the tools
// that the plan needs; the supervisor runs the plan.
package stack

import (
	"context"
	"errors"

	"muster/internal/config"
	"muster/internal/plan"
	"muster/internal/supervise"
)

// Stop ends everything that runs, if anything does.
func Stop(ctx context.Context, c *supervise.Client) error {
	err := c.Stop(ctx, nil, supervise.OwnTimeout)
	if errors.Is(err, supervise.ErrNothingRuns) {
		return nil
	}
	return err
}

// Stack is backend, gateway, watchers and frontend.
type Stack struct {
	cfg    *config.Config
	multi  bool
	watch  bool   // run the watchers too
	digest string // of what the watchers of specs take from the configuration
	client *supervise.Client
	report Report

	conflicts []string // of the servers that the single process stands for
}

// New makes a stack of a configuration: with multi, several processes behind the
// gateway, else the backend as one process. The environment's wishes go before
// the configuration's.
func New(cfg *config.Config, c *supervise.Client, multi bool, report Report) (*Stack, error) {
	if multi && cfg.Nginx == nil {
		return nil, UsageError(cfg.File + " has no nginx section, so there is nothing to put the servers behind")
	}
	digest, err := watchersDigest(cfg)
	if err != nil {
		return nil, err
	}
	st := &Stack{cfg: cfg, multi: multi, watch: true, digest: digest, client: c, report: report}
	if !multi && len(cfg.Single) > 0 {
		return nil, singleError{&config.Error{Problems: cfg.Single}}
	}
	if !multi {
		st.cfg, st.conflicts = plan.Single(cfg), plan.SingleConflicts(cfg)
	}
	return st, st.environment()
}

// singleError is a configuration that cannot be run as one process.
type singleError struct{ error }

// ExitCode is that of a wrong configuration.
func (singleError) ExitCode() int { return 2 }

// OnlyBackend leaves out the frontend and the watchers.
func (st *Stack) OnlyBackend() {
	st.cfg.Frontends = nil
	st.watch = false
}

// OnlyFrontend leaves out the backend and the watchers.
func (st *Stack) OnlyFrontend() error {
	if len(st.cfg.Frontends) == 0 {
		return UsageError(st.cfg.File + " has no frontend section")
	}
	st.cfg.Servers, st.cfg.Workers, st.cfg.Tasks, st.cfg.Nginx = nil, nil, nil, nil
	st.watch = false
	return nil
}

// UsageError is a wish that cannot be: of a command line or the environment.
type UsageError string

func (e UsageError) Error() string { return string(e) }

// ExitCode is 2, as of every wrong use.
func (UsageError) ExitCode() int { return 2 }
