package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"

	"muster/internal/local"
)

// poetry takes the environment that poetry keeps for the project, and lets it
// make one if there is none yet.
func (f *finder) poetry(ctx context.Context) (*interpreter, error) {
	dir := f.projectWith("pyproject.toml", "[tool.poetry")
	if dir == "" {
		return nil, nil
	}
	poetry := lookPath(f.env, "poetry")
	if poetry == "" {
		f.miss("poetry", "the project uses it, but it is not installed")
		return nil, nil
	}
	// An active environment of something else would be taken for the
	// project's, and installed into.
	env := without(f.env, "VIRTUAL_ENV", "CONDA_PREFIX")
	where := func() string {
		out, err := run(ctx, command{argv: []string{poetry, "env", "info", "--path"}, dir: dir, env: env})
		if err != nil {
			return ""
		}
		return lastLine(out)
	}
	venv := where()
	if venv == "" || f.halfMade(venv, dir, "poetry") {
		if f.refused("poetry") {
			return nil, nil
		}
		f.report("poetry: installing the dependencies of " + dir)
		err := f.whole(dir, "poetry", func() error {
			_, err := run(ctx, command{argv: []string{poetry, "install", "--no-interaction", "--no-root"}, dir: dir, env: env, line: f.progress("poetry")})
			return err
		})
		if err != nil {
			f.miss("poetry", "poetry install "+err.Error())
			return nil, nil
		}
		if venv = where(); venv == "" {
			f.miss("poetry", "poetry env info names no environment")
			return nil, nil
		}
	}
	return f.accept(ctx, "poetry", filepath.Join(venv, "bin", "python")), nil
}

// uv lets uv make the .venv of a project that it locks. A .venv that is there
// already was tried before and is left alone, unless an earlier run of this
// function was stopped half way.
func (f *finder) uv(ctx context.Context) (*interpreter, error) {
	dir := f.projectWith("uv.lock", "")
	if dir == "" {
		return nil, nil
	}
	uv := lookPath(f.env, "uv")
	if uv == "" {
		f.miss("uv", "the project uses it, but it is not installed")
		return nil, nil
	}
	venv := filepath.Join(dir, ".venv")
	if exists(venv) && !f.halfMade(venv, dir, "uv") {
		f.miss("uv", venv+" is there and is left alone: run uv sync in "+dir)
		return nil, nil
	}
	if f.refused("uv") {
		return nil, nil
	}
	env := append(without(f.env, "VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT"), "UV_PROJECT_ENVIRONMENT="+venv)
	f.report("uv: installing the dependencies of " + dir)
	err := f.whole(dir, "uv", func() error {
		_, err := run(ctx, command{argv: []string{uv, "sync", "--frozen", "--no-install-project"}, dir: dir, env: env, line: f.progress("uv")})
		return err
	})
	if err != nil {
		f.miss("uv", "uv sync "+err.Error())
		return nil, nil
	}
	return f.accept(ctx, "uv", filepath.Join(venv, "bin", "python")), nil
}

// projectWith returns the first folder of the project with a file that holds
// a text.
func (f *finder) projectWith(name, text string) string {
	for _, dir := range f.projectDirs() {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil && strings.Contains(string(data), text) {
			return dir
		}
	}
	return ""
}

// whole notes on disk that a tool works on a project's environment, and takes
// the note away when the tool came to its end: what a failure or a kill
// leaves behind is then known to be half made.
func (f *finder) whole(dir, tool string, work func() error) error {
	note := f.note(dir, tool)
	if err := local.Write(note, []byte(tool+" "+dir+"\n"), 0o600); err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	return os.Remove(note)
}

// halfMade tells of an environment that a tool was making for us when it was
// stopped. One that the user made since then, in another way, is not.
func (f *finder) halfMade(venv, dir, tool string) bool {
	if !exists(f.note(dir, tool)) {
		return false
	}
	config, err := os.ReadFile(filepath.Join(venv, "pyvenv.cfg"))
	// Each tool leaves its name there: uv its own, poetry that of virtualenv.
	key := map[string]string{"uv": "uv", "poetry": "virtualenv"}[tool]
	return err != nil || strings.Contains("\n"+string(config), "\n"+key+" = ")
}

func (f *finder) note(dir, tool string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(f.cfg.Local().Toolchain(), "unfinished-"+tool+"-"+hex.EncodeToString(sum[:8]))
}

// progress reports a program's output, line by line, behind its name.
func (f *finder) progress(name string) func(string) {
	return func(line string) { f.report(name + ": " + line) }
}
