package clients

import (
	"context"

	"muster/internal/config"
)

// Client is one that is made from a document.
type Client struct {
	Place string // its file or folder, absolute
	Fresh bool   // it is as its document says
	Why   string // it cannot be told; "" otherwise
}

// State tells of every client whether it is fresh. No generator is run that takes its
// time, and nothing is written.
func State(ctx context.Context, cfg *config.Config) ([]Client, error) {
	ts := NewTypeScript(cfg)
	defer ts.Close()
	outs, _, err := outputs(cfg, Options{TypeScript: ts})
	if err != nil {
		return nil, err
	}
	rec := readRecord(cfg)
	all := make([]Client, len(outs))
	for i, out := range outs {
		all[i] = Client{Place: out.place, Fresh: out.current(rec)}
		if !out.quick {
			continue
		}
		f, err := out.make(ctx)
		var changes []change
		if err == nil {
			changes, err = f.changes()
		}
		if all[i].Fresh = err == nil && len(changes) == 0; err != nil {
			all[i].Why = err.Error()
		}
	}
	return all, nil
}
