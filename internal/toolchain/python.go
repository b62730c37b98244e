// Package toolchain finds what the processes of a plan need and are not
// themselves: a Python interpreter that can run the backend, and Node.js with
// the packages of the frontend. What is not there it gets, saying what it
// does. What it found it remembers below .local, so that the next start does
// not ask again.
//
// It never changes an environment that it did not make: a .venv of the
// project is used or left alone.
package toolchain

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/local"
)

// Python returns the interpreter that runs the servers without a command of
// their own: one that has FastAPI, uvicorn and a WebSocket library. In this
// order it tries backend.python (and then nothing else), the project's .venv or venv,
// the environment of poetry, uv, pdm, pipenv or conda where the project uses one of
// them, the interpreters on PATH, a venv
// of its own with pip, and on Debian, as root, the distribution's packages.
// It is an absolute path. The error is a *MissingError when nothing works,
// and ctx's when that ended first.
func Python(ctx context.Context, cfg *config.Config, report func(string)) (interpreter string, err error) {
	return newFinder(cfg, report, Refusal()).find(ctx)
}

// FindPython is Python, but it installs nothing.
func FindPython(ctx context.Context, cfg *config.Config) (interpreter string, err error) {
	return newFinder(cfg, func(string) {}, onlyLooking).find(ctx)
}

func (f *finder) find(ctx context.Context) (string, error) {
	ctx, stop := interruptible(ctx)
	defer stop()
	if known, ok := f.remembered(); ok {
		return known, nil
	}
	// One start at a time looks and installs; a second waits and then finds
	// what the first one remembered.
	if err := os.MkdirAll(f.cfg.Local().Toolchain(), 0o755); err != nil {
		return "", fmt.Errorf("remember the interpreter: %w", err)
	}
	release, err := local.Hold(ctx, f.cfg.Local().Toolchain(), nil)
	if err != nil {
		return "", err
	}
	defer release()
	if known, ok := f.remembered(); ok {
		return known, nil
	}
	p, err := f.choose(ctx)
	if err != nil {
		return "", err
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if p == nil {
		return "", f.missing()
	}
	f.report("python " + p.version + ": " + p.path)
	if err := f.remember(p); err != nil {
		return "", err
	}
	return p.path, nil
}

// choose goes through the ways in their order.
func (f *finder) choose(ctx context.Context) (*interpreter, error) {
	if f.cfg.Backend.Python != "" {
		return f.configured(ctx)
	}
	ways := []func(context.Context) (*interpreter, error){
		f.projectVenv, f.projectEnvironment, f.onPath, f.ownVenv, f.distribution,
	}
	for _, way := range ways {
		p, err := way(ctx)
		if p != nil || err != nil {
			return p, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	if f.spare != nil {
		f.report("python: " + f.spare.path + " has no websockets and no wsproto: WebSockets will be refused")
	}
	return f.spare, nil
}

// configured takes what the configuration names, or fails: another
// interpreter would not be what the user asked for.
func (f *finder) configured(ctx context.Context) (*interpreter, error) {
	name := f.cfg.Backend.Python
	path := name
	if !strings.Contains(name, "/") {
		if path = lookPath(f.env, name); path == "" {
			f.miss("backend.python", name+" is not on PATH")
			return nil, nil
		}
	}
	p := f.probe(ctx, path)
	if p.err == nil && len(p.missing) == 0 {
		if !p.webSockets {
			f.report("python: " + path + " has no websockets and no wsproto: WebSockets will be refused")
		}
		return p, nil
	}
	f.miss("backend.python", path+" "+p.reason())
	return nil, nil
}

// projectVenv takes the .venv or venv beside the backend, beside the configuration,
// or above them in the repository.
func (f *finder) projectVenv(ctx context.Context) (*interpreter, error) {
	found := false
	for _, dir := range f.toolDirs() {
		for _, venv := range venvsIn(dir) {
			found = true
			if f.leftHalfMade(venv, dir) {
				f.miss(filepath.Base(venv), venv+" was left half made by an interrupted run")
				continue
			}
			if p := f.accept(ctx, filepath.Base(venv), filepath.Join(venv, "bin", "python")); p != nil {
				return p, nil
			}
		}
	}
	if !found {
		f.miss(".venv", "there is none in "+strings.Join(f.toolDirs(), " or "))
	}
	return nil, nil
}

// venvsIn are the environments that lie in a folder.
func venvsIn(dir string) (venvs []string) {
	if venv := filepath.Join(dir, ".venv"); exists(venv) {
		venvs = append(venvs, venv)
	}
	if venv := filepath.Join(dir, "venv"); exists(filepath.Join(venv, "pyvenv.cfg")) { // which may be a package of that name
		venvs = append(venvs, venv)
	}
	return venvs
}

// leftHalfMade is halfMade for every tool.
func (f *finder) leftHalfMade(venv, dir string) bool {
	return slices.ContainsFunc(pythonTools(), func(t pythonTool) bool { return f.halfMade(venv, dir, t.name) })
}
