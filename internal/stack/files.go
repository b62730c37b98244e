package stack

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"muster/internal/config"
	"muster/internal/plan"
	"muster/internal/watch"
)

// filesWatcher restarts the processes that name files to watch; nil where there are
// none.
func filesWatcher(cfg *config.Config) (*plan.Process, error) {
	watched := map[string][]string{}
	for _, m := range cfg.Processes() {
		if len(m.Watch) > 0 {
			watched[m.Name] = append([]string{m.Dir}, m.Watch...)
		}
	}
	if len(watched) == 0 {
		return nil, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(watched)
	if err != nil {
		return nil, err
	}
	const name = "watch-files"
	return &plan.Process{
		Name: name, Server: name, Kind: plan.Worker,
		Exe: exe, Args: []string{exe, "dev:watchFiles", "-config=" + cfg.File}, Dir: cfg.Dir,
		Env:     []string{fmt.Sprintf("MUSTER_FILES=%x", sha256.Sum256(data))}, // another one is to be started again
		Log:     cfg.Local().Log(name),
		Health:  plan.Health{Interval: time.Minute, Timeout: time.Second, Retries: 1, StartPeriod: time.Minute},
		Restart: plan.RestartAlways, StopTimeout: 2 * time.Second,
	}, nil
}

// WatchFiles restarts processes whose watched files change, until ctx ends or a
// signal comes.
func WatchFiles(ctx context.Context, cfg *config.Config, restart func(context.Context, []string) error, report Report) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	files := newWatchedFiles(cfg)
	return watch.Watch(ctx, watch.Options{
		Roots:  files.roots,
		Ignore: func(path string) bool { return len(files.of(path)) == 0 && !isFolder(path) },
		Settle: quiet,
		Run: func(ctx context.Context, paths []string) {
			names := files.all
			if paths != nil {
				names = nil
				for _, p := range paths {
					names = append(names, files.of(p)...)
				}
			}
			if names = slices.Compact(slices.Sorted(slices.Values(names))); len(names) == 0 {
				return
			}
			report.Step(fmt.Sprintf("%s: restarting %s", changed(cfg.Dir, paths), strings.Join(names, ", ")))
			if err := restart(ctx, names); err != nil && ctx.Err() == nil {
				report.Error(err)
			}
		},
		Ready:  func() { report.Step("watching the files of " + strings.Join(files.all, ", ")) },
		Report: report.Step,
	})
}

// watchedFiles tells whose a file is.
type watchedFiles struct {
	roots, all []string
	patterns   []pattern
}

type pattern struct{ process, dir, glob string }

func newWatchedFiles(cfg *config.Config) (w watchedFiles) {
	for _, m := range cfg.Processes() {
		if len(m.Watch) == 0 {
			continue
		}
		w.all = append(w.all, m.Name)
		dir := m.Dir
		if real, err := filepath.EvalSymlinks(dir); err == nil { // as events have it
			dir = real
		}
		if !slices.Contains(w.roots, dir) {
			w.roots = append(w.roots, dir)
		}
		for _, glob := range m.Watch {
			w.patterns = append(w.patterns, pattern{m.Name, dir, glob})
		}
	}
	return w
}

func (w watchedFiles) of(path string) (processes []string) {
	for _, p := range w.patterns {
		rel, err := filepath.Rel(p.dir, path)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		if doublestar.MatchUnvalidated(p.glob, filepath.ToSlash(rel)) {
			processes = append(processes, p.process)
		}
	}
	return processes
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// changed names a few of the files that have changed.
func changed(dir string, paths []string) string {
	const most = 3
	var names []string
	for _, p := range paths[:min(len(paths), most)] {
		if rel, err := filepath.Rel(dir, p); err == nil {
			p = rel
		}
		names = append(names, p)
	}
	switch more := len(paths) - most; {
	case paths == nil:
		return "many files"
	case more > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), more)
	}
	return strings.Join(names, ", ")
}
