package targets

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/magefile/mage/mg"

	"muster/internal/stack"
)

// Clean removes what muster has made.
type Clean mg.Namespace

// Generated removes the exported documents and the generated clients.
func (Clean) Generated(config *string) error {
	return withProject(config, cleanGenerated)
}

func cleanGenerated(p project) error {
	cfg := p.cfg
	dirs := []string{cfg.Specs.Dir, cfg.Specs.Python.Dir}
	for _, set := range cfg.Specs.TypeScript {
		dirs = append(dirs, set.Dir)
	}
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		if rel, err := filepath.Rel(cfg.Dir, dir); err != nil || !filepath.IsLocal(rel) || rel == "." {
			return errors.New(dir + " does not lie below " + cfg.Dir + "; remove it by hand")
		}
		end := stderr.Begin("removing " + dir)
		err := os.RemoveAll(dir)
		if end(); err != nil {
			return err
		}
		stdout.Done("removed %s", dir)
	}
	return nil
}

// All stops what runs and removes everything that muster has made, .local included.
func (Clean) All(ctx context.Context, config *string) error {
	return withProject(config, func(p project) error {
		if err := stack.Stop(ctx, p.client); err != nil {
			return err
		}
		if err := cleanGenerated(p); err != nil {
			return err
		}
		end := stderr.Begin("removing " + string(p.client.Local))
		err := os.RemoveAll(string(p.client.Local))
		if end(); err == nil {
			stdout.Done("removed %s", p.client.Local)
		}
		return err
	})
}
