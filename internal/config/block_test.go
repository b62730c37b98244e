package config

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"muster/internal/local"
)

const ownPorts = `
ports: auto
nginx: {tls: true, redirect_port: 8080}
servers:
  api: {instances: 3}
  web: {port: 70, command: [a]}
workers:
  db: {port: 5432, command: [a]}
  queue: {command: [a, "{port}"]}
  mailer: {command: [a, "{port:db}"]}
frontend: {dir: .}
`

func own(t *testing.T, dir, text string) *Config {
	t.Helper()
	c, err := Parse(filepath.Join(dir, "dev-config.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ports are all that a configuration has, the stand-ins' too.
func ports(c *Config) (all []int) {
	if c.Nginx != nil {
		all = append(all, c.Nginx.Port)
		if c.Nginx.RedirectPort != 0 {
			all = append(all, c.Nginx.RedirectPort)
		}
	}
	for _, m := range c.Processes() {
		for i := range m.Instances {
			if m.Port != 0 {
				all = append(all, m.Port+i)
			}
		}
	}
	for _, spare := range c.SparePorts() {
		all = append(all, spare)
	}
	return all
}

func TestACheckoutHasPortsOfItsOwn(t *testing.T) {
	text := strings.Replace(ownPorts, "port: 70", "port: 7000", 1)
	c, again, other := own(t, "/a", text), own(t, "/a", text), own(t, "/b", text)
	all := ports(c)
	if !slices.Equal(slices.Sorted(slices.Values(all)), slices.Sorted(slices.Values(ports(again)))) || c.Block == other.Block {
		t.Errorf("ports %v and %v, of another folder %v", all, ports(again), ports(other))
	}
	if sorted := slices.Compact(slices.Sorted(slices.Values(all))); len(sorted) != len(all) || len(all) != 2+1+4+2+4 {
		t.Errorf("%d ports, %d different", len(all), len(sorted))
	}
	for _, p := range all {
		if !c.Block.Has(p) || other.Block.Has(p) || p < 1024 || p >= ephemeral {
			t.Errorf("port %d of %+v", p, c.Block)
		}
	}
	if c.Workers[2].Port != 0 {
		t.Error("a worker that says nothing of a port has one")
	}
	if got, want := c.URL(), "https://a.localhost:"; !strings.HasPrefix(got, want) {
		t.Errorf("reached at %s", got)
	}
	more := own(t, "/a", strings.Replace(text, "servers:", "servers:\n  first: {command: [b]}", 1))
	if more.Nginx.Port != c.Nginx.Port || more.Page().Port != c.Page().Port {
		t.Error("another server moves what people open")
	}
	single := own(t, "/a", "ports: auto\nservers: {api: {}}\n")
	if err := single.Select(nil, nil); err != nil || single.Servers[0].Port == 0 {
		t.Error(err, single.Servers)
	}
}

func TestBlocksHaveRoomAndDoNotOverlap(t *testing.T) {
	c := own(t, "/a", "ports: auto\nservers: {a: {instances: 256}, b: {instances: 20}}\n")
	if c.Block.Units != 18 { // 276 instances and as many stand-ins
		t.Errorf("%+v", c.Block)
	}
	seen := 0
	for b := range c.Blocks() {
		c.Move(b)
		for _, p := range ports(c) {
			if !b.Has(p) || p >= firstClaim || p < firstPort {
				t.Fatalf("%d in %+v", p, b)
			}
		}
		for _, p := range b.Claims() {
			if p < firstClaim || p >= ephemeral {
				t.Fatalf("claim %d in %+v", p, b)
			}
		}
		seen++
	}
	if seen != allUnits-18+1 {
		t.Errorf("%d blocks", seen)
	}
	many := "ports: auto\nservers:\n"
	for i := range 31 {
		many += "  s" + strings.Repeat("x", i) + ": {instances: 256}\n"
	}
	_, err := Parse("/a/f.yaml", []byte(many))
	if err == nil || !strings.Contains(err.Error(), "f.yaml:1:1: ports: auto has 15360 ports for a checkout, and this file needs 15873") {
		t.Error(err)
	}
}

// TestAFolderThatIsMovedKeepsItsPorts, and one that is copied does not.
func TestAFolderThatIsMovedKeepsItsPorts(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	load := func(name string) *Config {
		c, err := Load(filepath.Join(at(name), "dev-config.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, err := range []error{
		os.Mkdir(at("a"), 0o700), local.Of(at("a")).Make(),
		os.WriteFile(at("a/dev-config.yaml"), []byte("ports: auto\nservers: {api: {command: [a]}}\n"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c := load("a")
	c.Move(Block{First: (c.Block.First + 7) % 100, Units: 1})
	if err := c.KeepBlock(); err != nil {
		t.Fatal(err)
	}
	if got := load("a").Block; got != c.Block {
		t.Errorf("%+v, kept %+v", got, c.Block)
	}
	if out, err := exec.Command("cp", "-r", at("a"), at("copy")).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	if got, of := load("copy").Block, own(t, load("copy").Dir, "ports: auto\nservers: {api: {command: [a]}}\n"); got != of.Block || got == c.Block {
		t.Errorf("a copy has %+v; kept %+v", got, c.Block)
	}
	if err := os.Rename(at("a"), at("moved")); err != nil {
		t.Fatal(err)
	}
	if got := load("moved").Block; got != c.Block {
		t.Errorf("moved: %+v, kept %+v", got, c.Block)
	}
	for _, text := range []string{"", "{", "{}", `{"first":-1,"units":1}`, `{"first":480,"units":1}`, `{"first":1,"units":481}`, "[]"} {
		if err := os.WriteFile(local.Of(at("moved")).Ports(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if b := load("moved").Block; b.First < 0 || b.First > allUnits-1 || b.Units != 1 {
			t.Errorf("%s: %+v", text, b)
		}
	}
}

func TestTheHostOfACheckoutIsItsFolder(t *testing.T) {
	for dir, want := range map[string]string{
		"/x/Shop_2.api": "shop-2-api.localhost", "/x/-a-": "a.localhost", "/x/" + strings.Repeat("a", 70): strings.Repeat("a", 63) + ".localhost",
	} {
		if got := own(t, dir, "ports: auto\nservers: {a: {command: [a]}}\n").LinkHost("127.0.0.1"); got != want {
			t.Errorf("%s: %s, want %s", dir, got, want)
		}
	}
	if got := own(t, "/x/店", "ports: auto\nservers: {a: {command: [a]}}\n").LinkHost(""); !strings.HasPrefix(got, "checkout-") {
		t.Error(got)
	}
	if got := own(t, "/x/a", "servers: {a: {port: 8000, command: [a]}}\n").LinkHost("127.0.0.1"); got != "127.0.0.1" {
		t.Error(got)
	}
}
