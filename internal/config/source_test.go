package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSourceLeavesVariables(t *testing.T) {
	const file = `servers:
  a:
    port: 8001
    command: 'serve --token=${TOKEN:?none} $HOME ${A:-b} $$x'
    image: ${REGISTRY}/a:${TAG:-latest}
    build: {args: {B: "${NOBODY_SETS}"}}
    env:
      PASSWORD: ${PASSWORD}
      PLAIN: a$b
      COST: 5$$
    health: {path: "/${AT:-health}"}
workers:
  w: {command: [x, "${NOBODY_SETS}"]}
`
	t.Setenv("PASSWORD", "secret")
	dir := t.TempDir()
	name := filepath.Join(dir, "dev-config.yaml")
	if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c, keys, err := Source(name)
	if err != nil {
		t.Fatal(err)
	}
	a := c.Servers[0]
	got := fmt.Sprint(a.Command, a.Image, a.Build.Args, a.Env, a.Health.Path, c.Workers[0].Command)
	if want := "[serve --token=${TOKEN:?none} $$HOME ${A:-b} $$x]${REGISTRY}/a:${TAG:-latest}[{B ${NOBODY_SETS}}] " +
		"[{PASSWORD ${PASSWORD}} {PLAIN a$$b} {COST 5$$}]/health[x ${NOBODY_SETS}]"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, want := range []Key{{"servers.a", 2, false}, {"servers.a.port", 3, false}, {"servers.a.env.COST", 10, false},
		{"servers.a.health.path", 11, true}, {"servers.a.build.args.B", 6, true}, {"workers.w.command", 13, true}} {
		if !slices.Contains(keys, want) {
			t.Errorf("%v is not among %v", want, keys)
		}
	}
	if _, err := Load(name); err == nil || !strings.Contains(err.Error(), "NOBODY_SETS is not set") {
		t.Errorf("it loads: %v", err)
	}
	// What is no text has to be known.
	if err := os.WriteFile(name, []byte("servers: {a: {port: \"${NOBODY_SETS}\"}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Source(name); err == nil || !strings.Contains(err.Error(), "1:21: `${NOBODY_SETS}` has ${NOBODY_SETS}, and NOBODY_SETS is not set") {
		t.Errorf("got %v", err)
	}
}
