package clients

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"muster/internal/config"
)

// Freshness is what specs:check -json says of the clients.
type Freshness struct {
	Stale bool        `json:"stale" jsonschema:"a client is not what its document says"`
	Files []StaleFile `json:"files" jsonschema:"what specs:generate would change"`
}

// StaleFile is a file that Generate would change.
type StaleFile struct {
	File   string `json:"file" jsonschema:"from the folder of the configuration, with slashes"`
	Change string `json:"change" jsonschema:"changed, missing or left_over"`
}

// Fresh tells what Generate would change. Nothing is written to the project.
func Fresh(ctx context.Context, cfg *config.Config) (Freshness, error) {
	all, err := staleFiles(ctx, cfg)
	f := Freshness{Stale: len(all) > 0, Files: []StaleFile{}}
	for _, c := range all {
		what := "changed"
		switch {
		case c.Old == nil:
			what = "missing"
		case c.New == nil:
			what = "left_over"
		}
		f.Files = append(f.Files, StaleFile{relative(cfg.Dir, c.File), what})
	}
	return f, err
}

// Check tells whether a client is stale, and writes what Generate would
// change as a unified diff. Nothing is written to the project.
func Check(ctx context.Context, cfg *config.Config, w io.Writer) (stale bool, err error) {
	all, err := staleFiles(ctx, cfg)
	for _, c := range all {
		if err := showChange(w, cfg.Dir, c); err != nil {
			return true, err
		}
	}
	return len(all) > 0, err
}

func staleFiles(ctx context.Context, cfg *config.Config) ([]change, error) {
	ts := NewTypeScript(cfg)
	defer ts.Close()
	outs, gone, err := outputs(cfg, Options{TypeScript: ts})
	if err != nil {
		return nil, err
	}
	rec := readRecord(cfg)
	gone = append(gone, leftOver(cfg, rec, outs, gone)...)
	for _, out := range outs {
		if out.current(rec) {
			continue
		}
		f, err := out.make(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(out.place), err)
		}
		changes, err := f.changes()
		if err != nil {
			return nil, err
		}
		gone = append(gone, changes...)
	}
	return gone, nil
}

// relative is a file's name from a folder above it.
func relative(root, file string) string {
	if rel, err := filepath.Rel(root, file); err == nil && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return file
}

func showChange(w io.Writer, root string, c change) error {
	name := relative(root, c.File)
	from, to := "a/"+name, "b/"+name
	if c.Old == nil {
		from = "/dev/null"
	}
	if c.New == nil {
		to = "/dev/null"
	}
	text := diff.Diff(from, c.Old, to, c.New)
	_, text, _ = bytes.Cut(text, []byte("\n")) // a line that names both files once more
	_, err := w.Write(text)
	return err
}
