package targets

import (
	"context"
	"os"

	"muster/internal/console"
	"muster/internal/stack"
	"muster/internal/version"
)

// Version tells which build this is, which one the supervisor runs, and whether they
// differ.
//
// -json prints it for scripts.
func (Dev) Version(ctx context.Context, config *string, json *bool) error {
	v := stack.Versions{This: version.This()}
	c, err := client(config)
	if err == nil { // without a project there is no supervisor
		v, err = stack.FindVersions(ctx, c)
	} else if config == nil {
		err = nil
	}
	if err != nil || console.Or(json, false) {
		if err == nil {
			err = console.JSON(os.Stdout, v)
		}
		return console.Exit(err)
	}
	stdout.Done("muster %s", v.This)
	switch {
	case v.PID == 0:
	case v.Supervisor == nil:
		stdout.Warn("the supervisor (pid %d) is of another build, that does not tell which; backend:stop and backend:start change it", v.PID)
	case v.Differ:
		stdout.Warn("the supervisor (pid %d) is another build: %s; backend:stop and backend:start change it", v.PID, v.Supervisor)
	default:
		stdout.Done("the supervisor (pid %d) is the same", v.PID)
	}
	return nil
}
