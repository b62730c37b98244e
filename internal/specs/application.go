package specs

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"muster/internal/apidoc"
	"muster/internal/config"
	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/watch"
)

//go:embed export.py
var exportScript string

// command is what exports into a folder, which is its last argument.
func (e Exporter) command(dir string) []string {
	if c := e.Config.Specs.ExportCommand; len(c) > 0 {
		return append(append([]string{}, c...), dir)
	}
	app := e.Config.Backend.App
	pkg, _, _ := strings.Cut(app, ".")
	for _, root := range e.roots() {
		if _, err := os.Stat(filepath.Join(root, pkg, "export.py")); err == nil && strings.Contains(app, ".") {
			return []string{e.Python, "-m", pkg + ".export", dir}
		}
	}
	return []string{e.Python, "-c", exportScript, app, e.Config.APIBaseURL, strings.Join(e.Config.Modules(), ","), dir}
}

// roots are the folders that hold packages of the application.
func (e Exporter) roots() []string {
	dir := e.Config.Backend.Dir
	return slices.Compact([]string{config.SourceDir(dir), dir})
}

// importApplication runs the export command, and reads what it wrote.
func (e Exporter) importApplication(ctx context.Context) (map[string]apidoc.Document, error) {
	tmp, err := os.MkdirTemp("", "muster-specs-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	argv := e.command(tmp)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = e.Config.Backend.Dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 2 * time.Second // then it is killed
	if cmd.Env, err = e.env(); err != nil {
		return nil, err
	}
	e.forgetCompiled()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, exportError(argv, err, out.String())
	}
	files, err := documentsBelow(tmp)
	if err != nil {
		return nil, err
	}
	docs := map[string]apidoc.Document{}
	for _, rel := range files {
		d, err := apidoc.LoadWithin(tmp, filepath.Join(tmp, rel))
		if err != nil {
			return nil, fmt.Errorf("the export wrote a document that cannot be read: %w", err)
		}
		place(d, e.Config.APIBaseURL)
		docs[strings.TrimSuffix(rel, filepath.Ext(rel))+".json"] = d
	}
	if len(docs) == 0 {
		return nil, fmt.Errorf("the export command wrote no openapi.json or asyncapi.json into the folder that is its last argument: %s", shown(argv))
	}
	return docs, nil
}

// documentsBelow lists the documents in a folder and its folders.
func documentsBelow(dir string) ([]string, error) {
	var all []string
	for _, pattern := range [...]string{"*", "*/*"} {
		files, err := fs.Glob(os.DirFS(dir), pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if isDocument(file) {
				all = append(all, filepath.FromSlash(file))
			}
		}
	}
	return all, nil
}

func exportError(argv []string, err error, out string) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return hint.With(fmt.Errorf("cannot run the export command %s: %w", argv[0], err), "set backend.python or specs.export_command")
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	const most = 12 // the end of a Python traceback says what and where
	if len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	text := strings.Join(lines, "\n  ")
	if text != "" {
		text = ":\n  " + text
	}
	return fmt.Errorf("the export failed (%s, %w)%s", shown(argv), err, text)
}

func shown(argv []string) string {
	var all []string
	for _, a := range argv {
		if strings.Contains(a, "\n") {
			a = "'...'"
		}
		all = append(all, a)
	}
	return strings.Join(all, " ")
}

// compiled is where Python keeps compiled modules for exports.
func (e Exporter) compiled() string { return local.Of(e.Config.Dir).Pycache() }

// forgetCompiled removes the compiled modules of the application itself:
// Python takes one for current when its source has the same size and the same
// second of change (docs.python.org: py_compile), which two quick saves do.
// Those of libraries stay.
func (e Exporter) forgetCompiled() {
	for _, root := range append(e.roots(), realDirs(e.roots()...)...) {
		below := filepath.Join(e.compiled(), root)
		filepath.WalkDir(below, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return nil
			case d.IsDir() && path != below && watch.Ignored(path):
				return fs.SkipDir
			case !d.IsDir() && filepath.Ext(path) == ".pyc":
				os.Remove(path)
			}
			return nil
		})
	}
}

// env is the environment of the application, with every module enabled. The
// cache of compiled modules lies outside of the watched tree.
func (e Exporter) env() ([]string, error) {
	backend, err := plan.BackendEnv(e.Config)
	if err != nil {
		return nil, err
	}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "ENABLED_MODULES=") })
	return append(append(env, "PYTHONPYCACHEPREFIX="+e.compiled(), "PYTHONDONTWRITEBYTECODE="), backend...), nil
}
