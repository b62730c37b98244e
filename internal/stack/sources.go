package stack

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/supervise"
	"muster/internal/toolchain"
	"muster/internal/watch"
)

// sources follows the backend's sources for changes that nobody else sees:
// uvicorn takes no notice of a source file that comes or goes, unless it has
// watchfiles, and the exported documents may add to the gateway's routes.
type sources struct {
	st       *Stack
	reloaded []string // folders that uvicorn reloads from
	leftOut  []string // reload_exclude of all of their servers
	known
}

// known is what runs knows of.
type known struct {
	files  map[string]bool // of the servers; nil is not yet found
	routes []gateway.Route // of the gateway; nil: there is none
}

// followSources follows until the returned function is called, which returns
// what the servers know of. before is what another call has returned, if there was
// one, with the routes as they were before the gateway was given them: documents
// that have come since are new to it.
func followSources(ctx context.Context, st *Stack, before known) (leave func() known) {
	ctx, cancel := context.WithCancel(ctx)
	s := &sources{st: st, known: before}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.try(ctx, s.follow)
	}()
	return func() known {
		cancel()
		<-done
		return s.known
	}
}

// routes are those of the gateway today; nil: there is none.
func (st *Stack) routes() []gateway.Route {
	if st.cfg.Nginx == nil {
		return nil
	}
	routes, err := gateway.Routes(st.cfg)
	if err != nil {
		return nil
	}
	return routes
}

func (s *sources) follow(ctx context.Context) error {
	if err := s.findReloaded(ctx); err != nil {
		return err
	}
	roots := slices.Clone(s.reloaded)
	if s.st.cfg.Nginx != nil {
		if err := os.MkdirAll(s.st.cfg.Specs.Dir, 0o755); err != nil {
			return err
		}
		roots = append(roots, s.st.cfg.Specs.Dir)
	}
	if len(roots) == 0 {
		return nil
	}
	if s.files == nil {
		if err := s.findKnown(ctx); err != nil {
			return err
		}
	}
	return watch.Watch(ctx, watch.Options{Roots: roots, Run: s.changed, Report: s.st.report.Step, First: true,
		Ignore: func(path string) bool {
			ext := filepath.Ext(path)
			return ext != "" && ext != ".py" && ext != ".json"
		}})
}

// findReloaded lists the folders of the servers whose reloader overlooks files
// that come or go.
func (s *sources) findReloaded(ctx context.Context) error {
	for i := range s.st.cfg.Servers {
		srv := &s.st.cfg.Servers[i]
		if reloads(srv) {
			for _, p := range srv.ReloadExclude {
				s.leftOut = append(s.leftOut, p, filepath.Join(srv.Dir, p))
			}
		}
		if dir := config.SourceDir(srv.Dir); reloads(srv) && !slices.Contains(s.reloaded, dir) {
			s.reloaded = append(s.reloaded, dir)
		}
	}
	if len(s.reloaded) == 0 {
		return nil
	}
	python, err := toolchain.Python(ctx, s.st.cfg, s.st.report.Step)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second) // a cold disk may take seconds
	defer cancel()
	// uvicorn uses it where it is (uvicorn.supervisors; watchgod before 0.18).
	if exec.CommandContext(ctx, python, "-c", "try: import watchfiles\nexcept ImportError: import watchgod").Run() == nil {
		s.reloaded = nil
	}
	return nil
}

// findKnown finds the files that were there when the servers started.
func (s *sources) findKnown(ctx context.Context) error {
	running, err := s.running(ctx)
	if err != nil {
		return err
	}
	started := time.Now()
	for _, p := range running {
		if at := time.Now().Add(-time.Duration(p.UptimeSeconds * float64(time.Second))); at.Before(started) {
			started = at
		}
	}
	s.files = s.list()
	maps.DeleteFunc(s.files, func(file string, _ bool) bool {
		st, err := os.Stat(file)
		return err == nil && st.ModTime().After(started)
	})
	return nil
}

// reloads tells of a server that uvicorn's reloader restarts.
func reloads(s *config.Server) bool { return s.Command == nil && s.Reload }

// list is every Python file that uvicorn would reload for.
func (s *sources) list() map[string]bool {
	files := map[string]bool{}
	for _, root := range s.reloaded {
		filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			switch name := filepath.Base(path); {
			case err != nil:
			case s.leavesOut(path):
				if e.IsDir() {
					return fs.SkipDir
				}
			case e.IsDir() && path != root && (name[0] == '.' || name == "node_modules" || name == "venv"):
				return fs.SkipDir
			case e.Type().IsRegular() && filepath.Ext(path) == ".py":
				files[path] = true
			}
			return nil
		})
	}
	return files
}

func (s *sources) changed(ctx context.Context, _ []string) {
	if files := s.stable(ctx); !maps.Equal(files, s.files) {
		s.try(ctx, s.restart)
		if ctx.Err() == nil {
			s.files = files
		}
	}
	if s.routes == nil {
		return
	}
	if routes, err := gateway.Routes(s.st.cfg); err == nil && !reflect.DeepEqual(routes, s.routes) {
		s.routes = routes
		s.try(ctx, s.st.reload)
	}
}

// leavesOut tells of a path that a pattern leaves out: one of the last parts of
// it, or the whole of it.
func (s *sources) leavesOut(path string) bool {
	return slices.ContainsFunc(s.leftOut, func(pattern string) bool {
		end := path
		if !filepath.IsAbs(pattern) {
			parts := strings.Split(path, "/")
			end = strings.Join(parts[max(0, len(parts)-strings.Count(pattern, "/")-1):], "/")
		}
		match, _ := filepath.Match(pattern, end)
		return match || end == pattern
	})
}

// stable is the list once it stays as it is: a folder comes file by file.
func (s *sources) stable(ctx context.Context) map[string]bool {
	files := s.list()
	for !maps.Equal(files, s.files) {
		select {
		case <-ctx.Done():
			return s.files
		case <-time.After(quiet):
		}
		before := files
		if files = s.list(); maps.Equal(files, before) {
			break
		}
	}
	return files
}

func (s *sources) try(ctx context.Context, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		s.st.report.Error(err)
	}
}

// restart restarts the servers in reload mode that run.
func (s *sources) restart(ctx context.Context) error {
	running, err := s.running(ctx)
	if err != nil || len(running) == 0 {
		return err
	}
	var names []string
	for _, p := range running {
		names = append(names, p.Name)
	}
	began := time.Now()
	if err := s.st.client.Restart(ctx, names, supervise.OwnTimeout); err != nil {
		return err
	}
	s.st.report.Done("source files came or went: restarted %s in %s", strings.Join(names, ", "), time.Since(began))
	return nil
}

// running are the servers in reload mode that run.
func (s *sources) running(ctx context.Context) ([]supervise.ProcessStatus, error) {
	status, err := s.st.client.Status(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(status.Processes, func(p supervise.ProcessStatus) bool {
		srv, ok := s.st.cfg.Server(p.Server)
		return p.PID == 0 || !ok || !reloads(srv)
	}), nil
}
