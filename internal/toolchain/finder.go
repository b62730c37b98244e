package toolchain

import (
	"cmp"
	"context"
	"os"
	"slices"

	"muster/internal/config"
	"muster/internal/workspace"
)

// finder looks for an interpreter. What it knows of the world is in its
// fields, so that a test can make up another world.
type finder struct {
	cfg    *config.Config
	report func(string)
	env    []string // NAME=VALUE; PATH says where programs are
	system []string // interpreters that may not be on PATH
	root   bool     // may install packages of the distribution
	debian bool     // the distribution is Debian or made from it
	// refusal is why nothing may be installed; "" when it may.
	refusal string

	// from is the folder whose project is looked at; "" is the backend's. commands
	// tells that any environment will do: it is for the programs in it.
	from     string
	commands bool

	tried  []Attempt
	spare  *interpreter // has everything but a WebSocket library
	bases  []*interpreter
	probes map[string]*interpreter
}

func newFinder(cfg *config.Config, report func(string), refusal string) *finder {
	return &finder{
		cfg:     cfg,
		report:  report,
		env:     os.Environ(),
		system:  []string{"/usr/bin/python3"},
		root:    os.Geteuid() == 0,
		debian:  isDebian(),
		refusal: refusal,
	}
}

// accept returns the interpreter if it has all that is needed, and else
// notes why not.
func (f *finder) accept(ctx context.Context, way, path string) *interpreter {
	p := f.probe(ctx, path)
	if p.usable() {
		return p
	}
	f.reject(way, p)
	return nil
}

func (f *finder) reject(way string, p *interpreter) {
	if p.err == nil && len(p.missing) == 0 && f.spare == nil {
		f.spare = p
	}
	f.miss(way, p.path+" "+p.reason())
}

func (f *finder) projectDirs() []string {
	return slices.Compact([]string{f.cfg.Backend.Dir, f.cfg.Dir})
}

// toolDirs are the folders in which an environment or a lock file may lie: the
// project's, and those above it in the repository.
func (f *finder) toolDirs() []string {
	dirs := workspace.Folders(cmp.Or(f.from, f.cfg.Backend.Dir), f.cfg.Dir)
	if !slices.Contains(dirs, f.cfg.Dir) && f.from == "" {
		dirs = append(dirs, f.cfg.Dir)
	}
	return dirs
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
