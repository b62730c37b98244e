package clients

import (
	"path/filepath"
	"slices"
	"testing"

	"muster/internal/apidoc"
	"muster/internal/config"
)

func TestOnlyWhatWasGeneratedIsRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"rest-gone/api.gen.ts":     "",
		"rest-gone/own.ts":         "// mine\n",
		"rest-kept/api.gen.ts":     "",
		"ws-gone/index.ts":         tsHeader,
		"elsewhere/api.gen.ts":     "",
		"rest-gone/old/api.gen.ts": "",
	} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), text)
	}
	kept := apidoc.Module{Name: "kept", REST: apidoc.Document{Kind: apidoc.OpenAPI}}
	for _, c := range []struct {
		name, rest, ws string
		only           []Kind
		want           []string
	}{
		{"all", "rest-", "ws-", nil, []string{"rest-gone/api.gen.ts", "rest-gone/old/api.gen.ts", "ws-gone/index.ts"}},
		{"of one half", "rest-", "ws-", []Kind{WebSocket}, []string{"ws-gone/index.ts"}},
		{"of the other", "rest-", "ws-", []Kind{REST}, []string{"rest-gone/api.gen.ts", "rest-gone/old/api.gen.ts"}},
		{"without a prefix", "", "ws-", nil, []string{"ws-gone/index.ts"}},
	} {
		cfg := &config.Config{Dir: dir}
		cfg.Specs.TypeScript = []config.TypeScriptClients{{Dir: dir, RESTPrefix: c.rest, WSPrefix: c.ws}}
		var got []string
		for _, change := range staleTypeScript(cfg, []apidoc.Module{kept}, Options{Only: c.only, TypeScript: NewTypeScript(cfg)}) {
			name, err := filepath.Rel(dir, change.File)
			if err != nil || change.New != nil {
				t.Errorf("%s: %v %q (%v)", c.name, change.File, change.New, err)
			}
			got = append(got, filepath.ToSlash(name))
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: removes %v, want %v", c.name, got, c.want)
		}
	}
}
