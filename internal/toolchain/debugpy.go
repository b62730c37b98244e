package toolchain

import (
	"context"
	"os"
	"strings"
	"time"

	"muster/internal/config"
	"muster/internal/hint"
)

// Debugpy reports that a Python has no debugpy, without which an editor cannot attach
// to what it runs: the environment is NAME=VALUE, on top of our own.
func Debugpy(ctx context.Context, cfg *config.Config, python, dir string, env []string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	const script = "import sys; from importlib.util import find_spec; print(find_spec('debugpy') is not None)"
	out, err := run(ctx, command{argv: []string{python, "-c", script}, dir: dir, env: append(os.Environ(), env...)})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil && lastLine(out) == "True" {
		return nil
	}
	reason := python + " lacks it"
	if err != nil {
		reason = python + " " + err.Error()
	}
	f := newFinder(cfg, func(string) {}, onlyLooking)
	f.from = dir
	return &MissingError{What: "debugpy, which a server with debug needs", Tried: []Attempt{{"python", reason}}, Type: f.addDebugpy(python)}
}

// addDebugpy is what to type to have it, in the way of the project.
func (f *finder) addDebugpy(python string) string {
	tool, dir := f.projectTool()
	switch {
	case tool != nil && !strings.HasPrefix(python, string(f.cfg.Local())+"/"):
		return "cd " + hint.Word(dir) + " && " + tool.add + " debugpy"
	case environmentOf(python) == "" && f.debian:
		return "sudo apt-get install python3-debugpy"
	}
	return hint.Word(python) + " -m pip install debugpy"
}
