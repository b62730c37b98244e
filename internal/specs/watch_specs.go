package specs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"muster/internal/config"
)

// Watcher says how WatchFrontend and WatchPython run.
type Watcher struct {
	Config *config.Config
	Python string       // the interpreter that runs the application
	Report func(string) // what happens, a line at a time
	Ready  func()       // called once everything is watched; may be nil

	follow func([]string, func(string) bool) (follower, error)
}

func (w Watcher) report(format string, args ...any) {
	if w.Report != nil {
		w.Report(fmt.Sprintf(format, args...))
	}
}

// fail reports an error with its hint.
func (w Watcher) fail(err error) {
	w.report("error: %s", err)
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		w.report("hint: %s", h.Hint())
	}
}

// WatchPython exports the documents and generates the Python clients whenever
// the backend's sources change, until ctx ends.
func WatchPython(ctx context.Context, w Watcher) error {
	cfg := w.Config
	if cfg.Specs.Python.Dir == "" {
		return &hinted{errors.New("no Python clients are configured"), "add specs.python to the configuration"}
	}
	own := &Own{}
	e := Exporter{Config: cfg, Python: w.Python, Own: own}
	seen := w.load()
	run := func(ctx context.Context, _ []string) {
		began := time.Now()
		if _, err := e.ByImport(ctx); err != nil {
			if ctx.Err() == nil {
				w.fail(fmt.Errorf("%w\n  the clients stay as they are", err))
			}
			return
		}
		seen = w.tell(seen)
		r, err := Generate(ctx, cfg, Options{Only: []Clients{PythonClients}, Own: own})
		w.summary("Python", r, err, began)
	}
	inside := realDirs(append(typeScriptDirs(cfg), cfg.Specs.Dir)...)
	return Watch(ctx, WatchOptions{Roots: cfg.Specs.Sources, Own: own, First: true, Run: run, Ready: w.Ready, Report: w.Report, follow: w.follow,
		Ignore: func(path string) bool { return below(path, inside) || !isSource(path) }})
}

// WatchFrontend generates the TypeScript clients whenever a document changes:
// the files in the specs' folder and, where a server runs in reload mode, what
// it serves after its sources changed. It runs until ctx ends.
func WatchFrontend(ctx context.Context, w Watcher) error {
	cfg := w.Config
	if len(cfg.Specs.TypeScript) == 0 {
		return &hinted{errors.New("no TypeScript clients are configured"), "add specs.typescript or frontend to the configuration"}
	}
	if err := os.MkdirAll(cfg.Specs.Dir, 0o755); err != nil {
		return err
	}
	own := &Own{}
	ts := NewTypeScript(cfg)
	defer ts.Close()
	if err := ts.Warm(context.WithoutCancel(ctx)); err != nil {
		w.fail(err) // and tried again with each run
	}
	seen := w.load()
	generate := func(ctx context.Context) {
		began := time.Now()
		o := Options{Only: []Clients{RESTClients, SocketClients}, Own: own, TypeScript: ts}
		r, err := Generate(ctx, cfg, o)
		// A document that is being written is whole in a moment.
		for end := began.Add(patience); errors.Is(err, ErrIncomplete) && time.Now().Before(end); {
			select {
			case <-ctx.Done():
				return
			case <-time.After(patienceStep):
			}
			r, err = Generate(ctx, cfg, o)
		}
		if err == nil {
			seen = w.tell(seen)
		}
		w.summary("TypeScript", r, err, began)
	}
	roots := []string{cfg.Specs.Dir}
	served := newServed(w, own)
	if served != nil {
		roots = append(roots, cfg.Specs.Sources...)
		defer served.close()
		served.start(ctx)
	}
	clients := realDirs(append(typeScriptDirs(cfg), cfg.Specs.Python.Dir)...)
	specsDir := realDirs(cfg.Specs.Dir)[0]
	return Watch(ctx, WatchOptions{Roots: roots, Own: own, First: true, Ready: w.Ready, Report: w.Report, follow: w.follow,
		Ignore: func(path string) bool {
			if below(path, []string{specsDir}) {
				return !isSpecFile(path)
			}
			return below(path, clients) || !isSource(path)
		},
		Run: func(ctx context.Context, paths []string) {
			documents, sources := paths == nil, paths == nil
			for _, p := range paths {
				if p == specsDir || below(p, []string{specsDir}) {
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

const (
	// patience is how long a document that is not whole is waited for.
	patience     = time.Second
	patienceStep = 50 * time.Millisecond
)

// load reads the documents as they are, for comparing; what cannot be read is
// left out.
func (w Watcher) load() map[string]Document {
	docs := map[string]Document{}
	all, err := loadModules(w.Config.Specs.Dir)
	if err != nil {
		return docs
	}
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
// operation, and returns today's.
func (w Watcher) tell(before map[string]Document) map[string]Document {
	now := w.load()
	for _, key := range union2(before, now) {
		a, inOld := before[key]
		b, inNew := now[key]
		module, _, _ := strings.Cut(key, "/")
		switch {
		case !inOld:
			w.report("%s: added %s (operations: %d)", module, b.Kind, len(b.described()))
			if !hasServer(w.Config, module) {
				w.report("warning: no server has the module %s, so only the single-process mode serves it; add it to a server's modules in %s",
					module, filepath.Base(w.Config.File))
			}
		case !inNew:
			w.report("%s: removed %s (breaking)", module, a.Kind)
		default:
			for _, c := range Diff(a, b) {
				w.report("%s: %s", module, c)
			}
		}
	}
	return now
}

func (w Watcher) summary(what string, r Result, err error, began time.Time) {
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
}

func typeScriptDirs(cfg *config.Config) []string {
	var dirs []string
	for _, set := range cfg.Specs.TypeScript {
		dirs = append(dirs, set.Dir)
	}
	return dirs
}

// realDirs are folders by the paths that events have.
func realDirs(dirs ...string) []string {
	all := make([]string, len(dirs))
	for i, d := range dirs {
		if d == "" {
			continue
		}
		all[i] = d
		if real, err := filepath.EvalSymlinks(d); err == nil {
			all[i] = real
		}
	}
	return all
}

// below tells whether a path is in one of the folders; "" is none.
func below(path string, dirs []string) bool {
	for _, d := range dirs {
		if d != "" && (path == d || strings.HasPrefix(path, d+string(filepath.Separator))) {
			return true
		}
	}
	return false
}

// isSource tells by its name whether a file can change what the application
// serves. Folders, and what is no more, count.
func isSource(path string) bool {
	switch filepath.Ext(path) {
	case ".py", ".pyi", ".json", ".yaml", ".yml", ".toml", ".env", ".ini", ".cfg":
		return true
	}
	st, err := os.Lstat(path)
	return err != nil && filepath.Ext(path) == "" || err == nil && st.IsDir()
}

// isSpecFile tells whether a file in the specs' folder can be part of a
// document; documents may refer to files of any name.
func isSpecFile(path string) bool {
	switch filepath.Ext(path) {
	case ".json", ".yaml", ".yml":
		return true
	}
	st, err := os.Lstat(path)
	return err != nil && filepath.Ext(path) == "" || err == nil && st.IsDir()
}
