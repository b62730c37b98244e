package specs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"muster/internal/apidoc"
	"muster/internal/clients"
	"muster/internal/config"
	"muster/internal/events"
	"muster/internal/hint"
	"muster/internal/watch"
)

// Watcher says how WatchFrontend and WatchPython run.
type Watcher struct {
	Config *config.Config
	Python string       // the interpreter that runs the application
	Report func(string) // what happens, a line at a time
	// Begin is told of what may last; what it returns is called at the end of that. It
	// may be nil.
	Begin func(what string) (end func() (lasted bool))
	Ready func() // called once everything is watched; may be nil
}

func (w Watcher) report(format string, args ...any) {
	if w.Report != nil {
		w.Report(fmt.Sprintf(format, args...))
	}
}

// begin tells of what may last.
func (w Watcher) begin(what string) (end func() (lasted bool)) {
	if w.Begin == nil {
		return func() bool { return false }
	}
	return w.Begin(what)
}

// fail reports an error with its hint.
func (w Watcher) fail(err error) {
	w.report("error: %s", err)
	if next := hint.Of(err); next != "" {
		w.report("hint: %s", next)
	}
}

// WatchPython exports the documents and generates the Python clients whenever
// the backend's sources change, until ctx ends.
func WatchPython(ctx context.Context, w Watcher) error {
	cfg := w.Config
	if cfg.Specs.Python.Dir == "" {
		return hint.With(errors.New("no Python clients are configured"), "add specs.python to the configuration")
	}
	own := &watch.Own{}
	e := Exporter{Config: cfg, Python: w.Python, Own: own}
	seen, told := w.load(), map[string]bool{}
	run := func(ctx context.Context, _ []string) {
		defer w.begin("documents and Python clients")()
		began := time.Now()
		if _, err := e.ByImport(ctx); err != nil {
			if ctx.Err() == nil {
				w.fail(fmt.Errorf("%w\n  the clients stay as they are", err))
			}
			return
		}
		seen = w.tell(seen, len(cfg.Specs.TypeScript) == 0)
		r, err := clients.Generate(ctx, cfg, clients.Options{Only: []clients.Kind{clients.Python}, Own: own})
		w.omitted(told, r)
		w.summary("Python", r, err, began)
	}
	inside := realDirs(append(typeScriptDirs(cfg), cfg.Specs.Dir)...)
	return watch.Watch(ctx, watch.Options{Roots: cfg.Specs.Sources, Own: own, First: true, Run: run, Ready: w.Ready, Report: w.Report,
		Ignore: func(path string) bool { return below(path, inside) || !isSource(path) }})
}

// WatchFrontend generates the TypeScript clients whenever a document changes:
// the files in the specs' folder and, where a server runs in reload mode, what
// it serves after its sources changed. It runs until ctx ends.
func WatchFrontend(ctx context.Context, w Watcher) error {
	cfg := w.Config
	if len(cfg.Specs.TypeScript) == 0 {
		return hint.With(errors.New("no TypeScript clients are configured"), "add specs.typescript or frontend to the configuration")
	}
	if err := os.MkdirAll(cfg.Specs.Dir, 0o755); err != nil {
		return err
	}
	own := &watch.Own{}
	ts := clients.NewTypeScript(cfg)
	defer ts.Close()
	seen, told := w.load(), map[string]bool{}
	if anyREST(seen) { // a WebSocket's client is made without the generator
		if err := ts.Warm(context.WithoutCancel(ctx)); err != nil {
			w.fail(err) // and tried again with each run
		}
	}
	generate := func(ctx context.Context) {
		defer w.begin("TypeScript clients")()
		began := time.Now()
		o := clients.Options{Only: []clients.Kind{clients.REST, clients.WebSocket}, Own: own, TypeScript: ts}
		r, err := clients.Generate(ctx, cfg, o)
		// A document that is being written is whole in a moment.
		for end := began.Add(patience); errors.Is(err, apidoc.ErrIncomplete) && time.Now().Before(end); {
			select {
			case <-ctx.Done():
				return
			case <-time.After(patienceStep):
			}
			r, err = clients.Generate(ctx, cfg, o)
		}
		if err == nil {
			seen = w.tell(seen, true)
		}
		w.omitted(told, r)
		w.summary("TypeScript", r, err, began)
	}
	roots := []string{cfg.Specs.Dir}
	served := newServed(w)
	if served != nil {
		roots = append(roots, cfg.Specs.Sources...)
		defer served.close()
		served.start(ctx)
	}
	// The clients are watched, too: one that somebody removes is made again.
	for _, dir := range typeScriptDirs(cfg) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	roots = append(roots, typeScriptDirs(cfg)...)
	made, python := realDirs(typeScriptDirs(cfg)...), realDirs(cfg.Specs.Python.Dir)
	specsDir := realDirs(cfg.Specs.Dir)[0]
	return watch.Watch(ctx, watch.Options{Roots: roots, Own: own, First: true, Ready: w.Ready, Report: w.Report,
		Ignore: func(path string) bool {
			if below(path, []string{specsDir}) {
				return !isSpecFile(path)
			}
			if below(path, made) {
				return !isClient(cfg, path)
			}
			return below(path, python) || !isSource(path)
		},
		Run: func(ctx context.Context, paths []string) {
			documents, sources := paths == nil, paths == nil
			for _, p := range paths {
				if below(p, []string{specsDir}) || below(p, made) {
					documents = true
				} else {
					sources = true
				}
			}
			if sources && served != nil {
				served.ask()
			}
			if documents {
				generate(ctx)
			}
		}})
}

// isClient tells whether a path below the folders of TypeScript clients is that
// of a client, or leads to one: a page's own files may lie beside them.
func isClient(cfg *config.Config, path string) bool {
	for _, set := range cfg.Specs.TypeScript {
		rel, err := filepath.Rel(realDirs(set.Dir)[0], path)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		if rel == "." || strings.HasPrefix(rel, set.RESTPrefix) || strings.HasPrefix(rel, set.WSPrefix) {
			return true
		}
	}
	return false
}

// NeedsNode tells whether a document asks for a client that Node.js makes.
func NeedsNode(cfg *config.Config) bool {
	docs := Watcher{Config: cfg}.load()
	return len(cfg.Specs.TypeScript) > 0 && (len(docs) == 0 || anyREST(docs)) // there may be one soon
}

func anyREST(docs map[string]apidoc.Document) bool {
	for _, d := range docs {
		if d.Kind == apidoc.OpenAPI {
			return true
		}
	}
	return false
}

const (
	// patience is how long a document that is not whole is waited for.
	patience     = time.Second
	patienceStep = 50 * time.Millisecond
)

// load reads the documents as they are, for comparing; what cannot be read is
// left out.
func (w Watcher) load() map[string]apidoc.Document {
	docs := map[string]apidoc.Document{}
	all, _ := apidoc.Modules(w.Config.Specs.Dir)
	for _, m := range all {
		if m.REST.Kind != "" {
			docs[m.Name+"/rest"] = m.REST
		}
		if m.WS.Kind != "" {
			docs[m.Name+"/ws"] = m.WS
		}
	}
	return docs
}

// tell reports what differs from the documents seen before, one line an
// operation, and returns today's. Of two watchers one records it as well.
func (w Watcher) tell(before map[string]apidoc.Document, records bool) map[string]apidoc.Document {
	now := w.load()
	var happened []events.Event
	all := maps.Clone(before)
	maps.Copy(all, now)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		a, inOld := before[key]
		b, inNew := now[key]
		module, _, _ := strings.Cut(key, "/")
		switch {
		case !inOld:
			w.report("%s: added %s (operations: %d)", module, b.Kind, b.Count())
			happened = append(happened, events.Event{Kind: events.API, Module: module, Document: string(b.Kind), Change: "added"})
			if !slices.ContainsFunc(w.Config.Servers, func(s config.Server) bool { return s.Has(module) }) {
				w.report("warning: no server has the module %s, so only the single-process mode serves it; add it to a server's modules in %s",
					module, filepath.Base(w.Config.File))
			}
		case !inNew:
			w.report("%s: removed %s (breaking)", module, a.Kind)
			happened = append(happened, events.Event{Kind: events.API, Module: module, Document: string(a.Kind), Change: "removed", Breaking: true})
		default:
			for _, c := range apidoc.Diff(a, b) {
				w.report("%s: %s", module, c)
				e := events.Event{Kind: events.API, Module: module, Document: string(b.Kind), Change: c.String(), Breaking: c.Breaking}
				happened = append(happened, e)
			}
		}
	}
	if records {
		w.record(happened...)
	}
	return now
}

// record writes to the journal of events, which is there once something has run. What
// is watched does not depend on it.
func (w Watcher) record(all ...events.Event) {
	if len(all) == 0 {
		return
	}
	j := events.Of(w.Config.Local())
	defer j.Close()
	if err := j.Write(all...); err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.report("warning: events are lost: %s", err)
	}
}

func (w Watcher) summary(what string, r clients.Result, err error, began time.Time) {
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			w.fail(fmt.Errorf("%w\n  the %s clients that it concerns stay as they are", err, what))
		}
		return
	}
	if len(r.Written) == 0 {
		return
	}
	w.report("%s clients: %d files in %s", what, len(r.Written), time.Since(began).Round(time.Millisecond))
	w.record(events.Event{Kind: events.Clients, Clients: strings.ToLower(what), Files: len(r.Written)})
}

// omitted reports what the clients leave out, each thing when it is new.
func (w Watcher) omitted(told map[string]bool, r clients.Result) {
	for _, line := range r.Omitted {
		if !told[line] {
			told[line] = true
			w.report("%s", line)
		}
	}
}

func typeScriptDirs(cfg *config.Config) []string {
	var dirs []string
	for _, set := range cfg.Specs.TypeScript {
		dirs = append(dirs, set.Dir)
	}
	return dirs
}
