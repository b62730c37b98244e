package toolchain

import (
	"context"
	"os"
	"slices"

	"muster/internal/config"
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

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
