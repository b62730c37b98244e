package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/local"
)

// Environment returns the variables that a shell has in which the Python environment
// of a process's project is active: PATH with its programs first, and VIRTUAL_ENV or
// CONDA_PREFIX. That is the nearest .venv or venv, the one that the project's own tool
// keeps, or the one of the interpreter that runs uvicorn ("" is none). A tool is let
// make one where the process's program is not to be had without. There may be no
// environment: then hint is what to type to have it; "" where the project uses no
// tool. The error is ctx's.
func Environment(ctx context.Context, cfg *config.Config, p *config.Process, python string, report func(string)) (env []string, hint string, err error) {
	return newFinder(cfg, report, Refusal()).environment(ctx, p, python)
}

// FindEnvironment is Environment, but it installs nothing.
func FindEnvironment(ctx context.Context, cfg *config.Config, p *config.Process, python string) (env []string, hint string) {
	env, hint, _ = newFinder(cfg, func(string) {}, onlyLooking).environment(ctx, p, python)
	return env, hint
}

func (f *finder) environment(ctx context.Context, p *config.Process, python string) (env []string, hint string, err error) {
	ctx, stop := interruptible(ctx)
	defer stop()
	f.from, f.commands = p.Dir, true
	tool, dir := f.projectTool()
	if tool != nil {
		hint = f.typed(*tool, dir)
	}
	venv := environmentOf(f.cfg.Backend.Python)
	if venv == "" {
		venv = f.venvAbove()
	}
	if venv == "" && tool != nil {
		if f.refusal == "" && !f.needs(p.Command[0]) {
			f.refusal = onlyLooking
		}
		if venv, err = f.kept(ctx, *tool, dir); err != nil {
			return nil, "", err
		}
	}
	if venv == "" {
		venv = environmentOf(python)
	}
	if venv == "" {
		return nil, hint, nil
	}
	name := "VIRTUAL_ENV"
	if exists(filepath.Join(venv, "conda-meta")) {
		name = "CONDA_PREFIX"
	}
	path := filepath.Join(venv, "bin")
	if rest := variable(f.env, "PATH"); rest != "" {
		path += string(os.PathListSeparator) + rest
	}
	return []string{"PATH=" + path, name + "=" + venv}, hint, nil
}

// environmentOf is the environment that an interpreter is of; "" where it is of none.
func environmentOf(python string) string {
	bin := filepath.Dir(python)
	venv := filepath.Dir(bin)
	if filepath.IsAbs(python) && filepath.Base(bin) == "bin" && (exists(filepath.Join(venv, "pyvenv.cfg")) || exists(filepath.Join(venv, "conda-meta"))) {
		return venv
	}
	return ""
}

// needs tells of a program that an environment has to bring.
func (f *finder) needs(program string) bool {
	return !strings.Contains(program, "/") && (strings.HasPrefix(program, "python") || lookPath(f.env, program) == "")
}

// venvAbove is the nearest environment in the process's folder or above it.
func (f *finder) venvAbove() string {
	for _, dir := range f.toolDirs() {
		for _, venv := range venvsIn(dir) {
			if exists(filepath.Join(venv, "bin")) && !f.leftHalfMade(venv, dir) {
				return venv
			}
		}
	}
	return ""
}

// kept is the environment that a tool keeps elsewhere. To ask the tool takes a second,
// so that its answer is remembered as long as no file of the project changes.
func (f *finder) kept(ctx context.Context, t pythonTool, dir string) (venv string, err error) {
	sum := sha256.Sum256([]byte(f.from))
	file := filepath.Join(f.cfg.Local().Toolchain(), "environment-"+hex.EncodeToString(sum[:8])+".json")
	marks := func() []mark { return append(f.projectMarks(), markOf(f.programOf(t)), markOf(venv)) }
	known := func() bool {
		var m memory
		if !readJSON(file, &m) || m.Dir == "" || !exists(m.Dir) {
			return false
		}
		venv = m.Dir
		if !slices.Equal(m.Files, marks()) {
			venv = ""
		}
		return venv != ""
	}
	if known() {
		return venv, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	release, err := local.Hold(ctx, filepath.Dir(file), nil)
	if err != nil {
		return "", err
	}
	defer release()
	if known() {
		return venv, nil
	}
	venv = f.toolEnvironment(ctx, t, dir)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if venv == "" {
		return "", nil
	}
	data, err := json.Marshal(memory{Dir: venv, Files: marks()})
	if err != nil {
		return "", err
	}
	return venv, local.Write(file, data, 0o600)
}
