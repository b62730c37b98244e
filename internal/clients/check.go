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

// Check tells whether a client is stale, and writes what Generate would
// change as a unified diff. Nothing is written to the project.
func Check(ctx context.Context, cfg *config.Config, w io.Writer) (stale bool, err error) {
	ts := NewTypeScript(cfg)
	defer ts.Close()
	outs, gone, err := outputs(cfg, Options{TypeScript: ts})
	if err != nil {
		return false, err
	}
	rec := readRecord(cfg)
	gone = append(gone, leftOver(cfg, rec, outs, gone)...)
	for _, out := range outs {
		if out.current(rec) {
			continue
		}
		f, err := out.make(ctx)
		if err != nil {
			return stale, fmt.Errorf("%s: %w", filepath.Base(out.place), err)
		}
		changes, err := f.changes()
		if err != nil {
			return stale, err
		}
		gone = append(gone, changes...)
	}
	for _, c := range gone {
		if err := showChange(w, cfg.Dir, c); err != nil {
			return true, err
		}
	}
	return len(gone) > 0, nil
}

func showChange(w io.Writer, root string, c change) error {
	name := c.File
	if rel, err := filepath.Rel(root, c.File); err == nil && !strings.HasPrefix(rel, "..") {
		name = filepath.ToSlash(rel)
	}
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
