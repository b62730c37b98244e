package targets

import (
	"context"
	"errors"
	"os"

	"muster/internal/console"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// Doctor checks tools, ports, limits, stale state and orphans, and says for
// each what is wrong and what mends it.
//
// Without -fix it only looks. -fix does what is safe: it gets the tools that are
// missing, ends orphans of this project and removes stale state. -json prints what was
// found for scripts.
func (Dev) Doctor(ctx context.Context, config *string, fix, json *bool) error {
	return withClient(config, func(c *supervise.Client) error {
		cfg, err := loadConfig(config)
		if err == nil {
			err = selectProcesses(cfg, c)
		}
		findings := stack.Examine(ctx, c, cfg, err, stderr)
		if !console.Or(json, false) {
			return showFindings(findings, console.Or(fix, false))
		}
		sick := false
		for i := range findings {
			if f := &findings[i]; console.Or(fix, false) {
				f.Mended = f.Fixable && f.Fix() == nil
			}
			sick = sick || !findings[i].OK && !findings[i].Warn && !findings[i].Mended
		}
		if err := console.JSON(os.Stdout, findings); err != nil || !sick {
			return err
		}
		return console.Failed
	})
}

// showFindings shows what was found and, with fix, mends what can be.
func showFindings(findings []stack.Finding, fix bool) error {
	sick := false
	for _, f := range findings {
		switch {
		case f.Wrong == "":
			stdout.Done("%-14s %s", f.What, f.Detail)
			continue
		case fix && f.Fix != nil:
			end := stderr.Begin("mending " + f.What)
			err := f.Fix()
			if end(); err == nil {
				stdout.Done("%-14s mended: %s", f.What, f.Wrong)
				continue
			}
			f.Wrong = err.Error()
		}
		sick = sick || !f.Warn
		stdout.Warn("%-14s %s", f.What, f.Wrong)
		if f.Mend != "" {
			stdout.Indented(f.Mend)
		}
	}
	if sick {
		return console.Failed
	}
	return nil
}

// Kill ends whatever of this project runs, orphans included, and names whoever
// else is on its ports.
func (Dev) Kill(ctx context.Context, config *string) error {
	return withClient(config, func(c *supervise.Client) error {
		end := stderr.Begin("ending what is left")
		err := errors.Join(stack.Stop(ctx, c), c.EndOrphans(ctx))
		if end(); err != nil {
			return err
		}
		stdout.Done("nothing of this project runs")
		if _, others := c.Orphans(); len(others) > 0 {
			stdout.Warn("left alone: %s", stack.LeftAlone(others).Wrong)
		}
		cfg, err := loadConfig(config)
		if err == nil {
			err = selectProcesses(cfg, c)
		}
		if err != nil {
			return nil // what runs is ended; the file's mistakes are config:validate's
		}
		for _, f := range stack.CheckPorts(ctx, c, cfg) {
			if f.Wrong != "" {
				stdout.Warn("left alone, since it is not ours: %s", f.Wrong)
			}
		}
		return nil
	})
}
