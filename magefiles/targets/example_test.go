package targets_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"muster/magefiles/targets"
)

// A target of one's own that needs the backend: it starts it, waits for a line of its
// log, does its work and stops it again.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	config := filepath.Join(dir, "dev-config.yaml")
	os.WriteFile(config, []byte(`
workers:
  queue: {command: [sh, -c, "echo connected; exec sleep 60"]}
tasks:
  migrate: {command: [touch, migrated]}
`), 0o600)

	var backend targets.Backend
	backend.Start(ctx, &config, nil, nil, nil, nil, nil, nil)
	connected := "log:^connected"
	backend.Wait(ctx, &config, nil, &connected, nil, nil)
	if _, err := os.Stat(filepath.Join(dir, "migrated")); err == nil {
		fmt.Println("the tests run here")
	}
	backend.Stop(ctx, &config, nil, nil)
	// Output: the tests run here
}

// The configuration is checked before anything is done with it.
func ExampleConfig_Validate() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	config := filepath.Join(dir, "dev-config.yaml")
	os.WriteFile(config, []byte("servers: {api: {port: 2999, command: [true]}}\n"), 0o600)
	if err := (targets.Config{}).Validate(&config, nil); err == nil {
		fmt.Println("no mistakes")
	}
	// Output: no mistakes
}
