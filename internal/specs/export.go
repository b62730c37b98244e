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
	"strings"
	"time"

	"muster/internal/config"
)

// Exporter writes the API's documents into the specs' folder.
type Exporter struct {
	Config *config.Config
	Python string // the interpreter that runs the application
	Own    *Own   // may be nil
	Only   Kind   // the documents of this kind; "" is both
}

// Export gets the documents from the running servers or, with not all of
// them running, by importing the application. It returns the files that
// changed: a document is written only when its meaning is another.
func (e Exporter) Export(ctx context.Context, report func(string)) ([]string, error) {
	docs, err := e.fromServers(ctx)
	if err == nil {
		report("reading the documents of the running servers")
		return e.write(docs, false)
	}
	report("importing the application")
	return e.ByImport(ctx)
}

// ByImport exports with the configured command, or by importing the
// application. Documents of modules that are no more are removed.
func (e Exporter) ByImport(ctx context.Context) ([]string, error) {
	docs, err := e.run(ctx)
	if err != nil {
		return nil, err
	}
	return e.write(docs, true)
}

// write puts documents, by path below the folder, in place.
func (e Exporter) write(docs map[string]Document, whole bool) ([]string, error) {
	var changed []string
	dir := e.Config.Specs.Dir
	for _, rel := range keys(docs) {
		if !e.wants(rel) {
			continue
		}
		file := filepath.Join(dir, rel)
		if data, err := os.ReadFile(file); err == nil {
			if old, err := Parse(data); err == nil && old.Equal(docs[rel]) {
				continue
			}
		}
		wrote, err := e.Own.put(file, docs[rel].Canonical())
		if err != nil {
			return changed, err
		}
		if wrote {
			changed = append(changed, file)
		}
	}
	r := readRecord(e.Config, "exported")
	before := strings.Join(r.Exported, "\n")
	var exported []string
	for _, rel := range r.Exported {
		if _, ok := docs[rel]; ok || !whole || !e.wants(rel) {
			exported = append(exported, rel)
			continue
		}
		// Only what an export wrote is an export's to remove: other documents
		// in the folder may be somebody's own work.
		if err := e.Own.remove(filepath.Join(dir, rel)); err != nil {
			return changed, err
		}
		changed = append(changed, filepath.Join(dir, rel))
	}
	for _, rel := range keys(docs) {
		if e.wants(rel) && !has(exported, rel) {
			exported = append(exported, rel)
		}
	}
	r.Exported = exported
	if strings.Join(r.Exported, "\n") == before {
		return changed, nil
	}
	return changed, r.write()
}

// wants tells whether a document, by its path below the folder, is of the kind
// that is exported.
func (e Exporter) wants(rel string) bool {
	return isDocument(rel) && (e.Only == "" || strings.HasPrefix(filepath.Base(rel), string(e.Only)+"."))
}

// documentsBelow lists the documents in a folder and its folders.
func documentsBelow(dir string) ([]string, error) {
	var all []string
	for _, pattern := range [...]string{"*", filepath.Join("*", "*")} {
		files, err := filepath.Glob(filepath.Join(escapeGlob(dir), pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if isDocument(file) {
				rel, err := filepath.Rel(dir, file)
				if err != nil {
					return nil, err
				}
				all = append(all, rel)
			}
		}
	}
	return all, nil
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(s)
}

// isDocument tells by its name whether a file is a document.
func isDocument(file string) bool {
	name := filepath.Base(file)
	base, ext := strings.TrimSuffix(name, filepath.Ext(name)), filepath.Ext(name)
	return (base == string(OpenAPI) || base == string(AsyncAPI)) && (ext == ".json" || ext == ".yaml" || ext == ".yml")
}

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
	return []string{e.Python, "-c", exportScript, app, e.Config.APIBaseURL, strings.Join(e.modules(), ","), dir}
}

// roots are the folders on the import path.
func (e Exporter) roots() []string {
	dir := e.Config.Backend.Dir
	if src := filepath.Join(dir, "src"); isDir(src) {
		return []string{src, dir}
	}
	return []string{dir}
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// modules are those that any server names, each once.
func (e Exporter) modules() []string {
	var all []string
	for _, s := range e.Config.Servers {
		for _, m := range s.Modules {
			if !has(all, m) {
				all = append(all, m)
			}
		}
		if s.Name == config.Core && !has(all, config.Core) {
			all = append(all, config.Core)
		}
	}
	return all
}

func (e Exporter) run(ctx context.Context) (map[string]Document, error) {
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
	docs := map[string]Document{}
	for _, rel := range files {
		d, err := Load(filepath.Join(tmp, rel))
		if err != nil {
			return nil, fmt.Errorf("the export wrote a document that cannot be read: %w", err)
		}
		docs[strings.TrimSuffix(rel, filepath.Ext(rel))+".json"] = d
	}
	if len(docs) == 0 {
		return nil, fmt.Errorf("the export command wrote no openapi.json or asyncapi.json into the folder that is its last argument: %s", shown(argv))
	}
	return docs, nil
}

func exportError(argv []string, err error, out string) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return &hinted{fmt.Errorf("cannot run the export command %s: %w", argv[0], err), "set backend.python or specs.export_command"}
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
func (e Exporter) compiled() string { return filepath.Join(e.Config.Dir, ".local", "pycache") }

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
			case d.IsDir() && path != below && ignored(path):
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
	b := e.Config.Backend
	path := strings.Join(e.roots(), string(os.PathListSeparator))
	if old := os.Getenv("PYTHONPATH"); old != "" {
		path += string(os.PathListSeparator) + old
	}
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "ENABLED_MODULES=") {
			env = append(env, v)
		}
	}
	env = append(env, "PYTHONPATH="+path, "PYTHONPYCACHEPREFIX="+e.compiled(), "PYTHONDONTWRITEBYTECODE=")
	if b.EnvFile != "" {
		vars, err := config.ReadEnvFile(b.EnvFile)
		if err != nil {
			return nil, err
		}
		for _, v := range vars {
			env = append(env, v.Name+"="+v.Value)
		}
	}
	for _, v := range b.Env {
		env = append(env, v.Name+"="+v.Value)
	}
	return env, nil
}
