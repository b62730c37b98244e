// Package clients makes clients from an API's documents: in Python, for calls
// between the modules, and in TypeScript, for the frontend. It works by meaning,
// not by time stamps: a client is made again only when what its document says
// differs, or the generator, or when somebody changed the client; the record
// keeps what each was made from.
package clients

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/apidoc"
	"muster/internal/config"
	"muster/internal/watch"
)

// Kind is a kind of clients.
type Kind string

// The kinds of clients, by the names that a user gives them.
const (
	Python    Kind = "python"
	REST      Kind = "rest" // TypeScript
	WebSocket Kind = "ws"   // TypeScript
)

// Kinds are the kinds that a user names; typescript stands for two.
func Kinds(names []string) ([]Kind, error) {
	var kinds []Kind
	for _, n := range names {
		switch k := Kind(n); k {
		case Python, REST, WebSocket:
			kinds = append(kinds, k)
		case "typescript":
			kinds = append(kinds, REST, WebSocket)
		default:
			return nil, fmt.Errorf("there are no %q clients: there are python, typescript, and of the latter rest and ws", n)
		}
	}
	return kinds, nil
}

// Options say what to generate. The zero value generates everything.
type Options struct {
	Only       []Kind      // none means all
	Own        *watch.Own  // remembers what is written; may be nil
	TypeScript *TypeScript // keeps the generator loaded over several runs; may be nil
}

func (o Options) wants(kinds ...Kind) bool {
	return len(o.Only) == 0 || slices.ContainsFunc(kinds, func(k Kind) bool { return slices.Contains(o.Only, k) })
}

// Result is what a run did.
type Result struct {
	Written []string // files that were written or removed
	Ran     int      // generators that ran; 0 when nothing had changed
	Omitted []string // what the documents say and the clients do not, a line for each keyword of a document
}

// output is one folder or file to be generated from one document.
type output struct {
	place string // the file or folder
	input string // digest of all that it depends on
	make  func(context.Context) (folder, error)
	quick bool // takes no longer than to look whether it is needed
}

// Generate brings every client up to date with the documents. A client whose
// generator fails stays as it is; the others are still made.
func Generate(ctx context.Context, cfg *config.Config, o Options) (Result, error) {
	var r Result
	rec := readRecord(cfg)
	dirty := false
	if o.TypeScript == nil {
		o.TypeScript = NewTypeScript(cfg)
		defer o.TypeScript.Close()
	}
	all, stale, err := outputs(cfg, o)
	if err != nil {
		return r, err
	}
	var failed []error
	for _, out := range all {
		if out.current(rec) {
			continue
		}
		r.Ran++
		f, written, err := out.update(ctx, o.Own)
		r.Written = append(r.Written, written...)
		r.omit(cfg, f)
		if err != nil {
			if ctx.Err() != nil {
				return r, ctx.Err()
			}
			failed = append(failed, fmt.Errorf("%s: %w", filepath.Base(out.place), err))
			continue
		}
		if !out.quick {
			rec.Made[out.place] = made{out.input, digestFolder(out.place)}
			dirty = true
		}
	}
	if o.wants(REST) {
		stale = append(stale, leftOver(cfg, rec, all, stale)...)
	}
	written, err := apply(o.Own, stale)
	r.Written = append(r.Written, written...)
	if dirty {
		failed = append(failed, rec.write())
	}
	return r, errors.Join(append(failed, err)...)
}

func (out output) current(rec *record) bool {
	if out.quick {
		return false
	}
	m, ok := rec.Made[out.place]
	return ok && m.Input == out.input && m.Output == digestFolder(out.place)
}

func (out output) update(ctx context.Context, own *watch.Own) (folder, []string, error) {
	f, err := out.make(ctx)
	if err != nil {
		return f, nil, err
	}
	changes, err := f.changes()
	if err != nil {
		return f, nil, err
	}
	written, err := apply(own, changes)
	return f, written, err
}

// omit adds what a folder's clients leave out. Sets of clients that are made
// from one document leave out the same.
func (r *Result) omit(cfg *config.Config, f folder) {
	file := f.from.File
	if rel, err := filepath.Rel(cfg.Dir, file); err == nil && filepath.IsLocal(rel) {
		file = filepath.ToSlash(rel)
	}
	for _, keyword := range apidoc.Omissions(f.omitted) {
		line := fmt.Sprintf("%s: not in the %s client: %s", file, f.kind, keyword)
		if !slices.Contains(r.Omitted, line) {
			r.Omitted = append(r.Omitted, line)
		}
	}
}

// outputs lists what is to be generated, and the files of clients whose module
// is gone.
func outputs(cfg *config.Config, o Options) ([]output, []change, error) {
	modules, err := apidoc.Modules(cfg.Specs.Dir)
	if err != nil {
		return nil, nil, err
	}
	var all []output
	var stale []change
	if dir := cfg.Specs.Python.Dir; dir != "" && o.wants(Python) {
		outs, err := pythonOutputs(cfg, modules)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, outs...)
		stale = append(stale, stalePython(dir, outs)...)
	}
	if len(cfg.Specs.TypeScript) > 0 && o.wants(REST, WebSocket) {
		outs, err := typeScriptOutputs(modules, o)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, outs...)
		stale = append(stale, staleTypeScript(cfg, modules, o)...)
	}
	return all, stale, nil
}

func pythonOutputs(cfg *config.Config, modules []apidoc.Module) ([]output, error) {
	tmpl, err := pythonTemplate()
	if err != nil {
		return nil, err
	}
	dir := cfg.Specs.Python.Dir
	all := []output{single(filepath.Join(dir, "__init__.py"), func() (folder, error) {
		return folder{files: one("__init__.py", []byte(pyHeader+" Do not edit: changes are overwritten.\n\"\"\"Clients for calls between the modules.\"\"\"\n"))}, nil
	})}
	if data, err := os.ReadFile(all[0].place); err == nil && !isGenerated("", data) {
		all = nil // somebody's own
	}
	for _, m := range modules {
		if m.REST.Kind == "" {
			continue
		}
		py := pyModule{Name: m.Name, BaseURL: ServerURL(cfg.ModuleServer(m.Name))}
		all = append(all, single(filepath.Join(dir, py.file()), func() (folder, error) {
			data, omitted, err := python(tmpl, m.REST, py, pythonReads)
			return folder{files: one(py.file(), data), from: m.REST, kind: "Python", omitted: omitted}, err
		}))
	}
	return all, nil
}

// single is an output of one file, made within milliseconds.
func single(file string, make func() (folder, error)) output {
	return output{place: file, quick: true, make: func(context.Context) (folder, error) {
		f, err := make()
		f.dir, f.shared = filepath.Dir(file), true
		return f, err
	}}
}

func one(file string, data []byte) map[string][]byte { return map[string][]byte{file: data} }

func typeScriptOutputs(modules []apidoc.Module, o Options) ([]output, error) {
	var all []output
	for _, set := range o.TypeScript.sets {
		for _, m := range modules {
			if m.REST.Kind != "" && o.wants(REST) {
				id, err := set.generator()
				if err != nil {
					return nil, err
				}
				dir := set.restDir(m.Name)
				all = append(all, output{place: dir, input: digest(id, residentScript, string(m.REST.Canonical())),
					make: func(ctx context.Context) (folder, error) {
						files, err := o.TypeScript.rest(ctx, set, m.REST)
						return folder{dir: dir, files: files}, err
					}})
			}
			if m.WS.Kind != "" && o.wants(WebSocket) {
				dir := set.socketDir(m.Name)
				all = append(all, output{place: dir, quick: true, make: func(context.Context) (folder, error) {
					files, omitted, err := socketClient(m.WS, m.Name, socketReads)
					return folder{dir: dir, files: files, from: m.WS, kind: "WebSocket", omitted: omitted}, err
				}})
			}
		}
	}
	return all, nil
}

// stalePython lists the clients of modules that are gone.
func stalePython(dir string, outs []output) []change {
	var all []change
	names, _ := fs.Glob(os.DirFS(dir), "*_client.py")
	for _, name := range names {
		file := filepath.Join(dir, name)
		wanted := slices.ContainsFunc(outs, func(out output) bool { return out.place == file })
		if data, err := os.ReadFile(file); err == nil && !wanted && isGenerated(name, data) {
			all = append(all, change{file, data, nil})
		}
	}
	return all
}

// staleTypeScript lists the files of clients whose document is gone.
func staleTypeScript(cfg *config.Config, modules []apidoc.Module, o Options) []change {
	wanted := map[string]bool{}
	for _, set := range o.TypeScript.sets {
		for _, m := range modules {
			if m.REST.Kind != "" {
				wanted[set.restDir(m.Name)] = true
			}
			if m.WS.Kind != "" {
				wanted[set.socketDir(m.Name)] = true
			}
		}
	}
	var all []change
	for _, set := range cfg.Specs.TypeScript {
		entries, _ := os.ReadDir(set.Dir)
		for _, e := range entries {
			ours := func(prefix string, kind Kind) bool {
				return prefix != "" && strings.HasPrefix(e.Name(), prefix) && o.wants(kind)
			}
			dir := filepath.Join(set.Dir, e.Name())
			if !e.IsDir() || wanted[dir] || !ours(set.RESTPrefix, REST) && !ours(set.WSPrefix, WebSocket) {
				continue
			}
			wanted[dir] = true // other sets may lie there too
			if changes, err := (folder{dir: dir}).changes(); err == nil {
				all = append(all, changes...)
			}
		}
	}
	return all
}
