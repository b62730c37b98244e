package specs

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/apitest"
)

// BenchmarkSaveToClients is the time from the save of a source, with the
// server in reload mode, to new clients in both languages.
func BenchmarkSaveToClients(b *testing.B) {
	cfg := project(b, "testdata/shop")
	web := tsProject(b)
	cfg.Frontends, cfg.Specs.TypeScript = web.Frontends, web.Specs.TypeScript
	cfg.Servers[0].Reload = true
	main := filepath.Join(cfg.Backend.Dir, "shop", "main.py")
	source := read(b, main)
	serve(b, cfg, "--reload", "--reload-dir", "shop")
	startWatching(b, WatchPython, cfg, apitest.Python(b))
	frontend := startWatching(b, WatchFrontend, cfg, apitest.Python(b))
	eventually(b, "the first clients", func() bool { return strings.Contains(frontend.text(), "TypeScript clients:") })
	sdk := filepath.Join(cfg.Specs.TypeScript[0].Dir, "trader-client-shop", "sdk.gen.ts")
	client := filepath.Join(cfg.Specs.Python.Dir, "shop_client.py")
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("brandnew%d", i)
		write(b, main, source+"\n\n@app.get('/shop/new', operation_id='"+name+"')\ndef new(): ...\n")
		eventually(b, name, func() bool { return strings.Contains(read(b, client), name) && strings.Contains(read(b, sdk), name) })
	}
}
