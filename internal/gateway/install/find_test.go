package install

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/fuzztest"
)

const project = "nginx: {port: 8000}\nservers: {core: {port: 8001}}\n"

// load writes a configuration file into a new folder and reads it.
func load(t testing.TB, text string) *config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dev-config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func script(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestTheProjectsOwnNginxComesFirst(t *testing.T) {
	c := load(t, project)
	path := t.TempDir()
	t.Setenv("PATH", path+":/bin:/usr/bin")
	script(t, filepath.Join(path, "nginx"), "echo nginx version: nginx/1.20.1")
	b, err := Find(t.Context(), c)
	if err != nil || b.Path != filepath.Join(path, "nginx") || b.Version != "1.20.1" || b.Source != "system" {
		t.Errorf("found %+v (%v)", b, err)
	}
	script(t, c.Local().NginxBinary(), "echo nginx version: openresty/1.25.3.1 >&2; echo nginx version: nginx/1.28.0 >&2; echo configure arguments: --with-http_v2_module --without-http_uwsgi_module")
	b, err = Find(t.Context(), c)
	if err != nil || b.Path != c.Local().NginxBinary() || b.Version != "1.28.0" || !slices.Equal(b.Modules, []string{"http_v2", "-http_uwsgi"}) {
		t.Errorf("found %+v (%v)", b, err)
	}
}

func TestASecondFindStartsNoProcess(t *testing.T) {
	t.Parallel()
	c := load(t, project)
	count := filepath.Join(c.Dir, "count")
	text := "echo x >> '" + count + "'; echo nginx version: nginx/1.28.0"
	script(t, c.Local().NginxBinary(), text)
	for range 3 {
		if _, err := Find(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if data, _ := os.ReadFile(count); bytes.Count(data, []byte("x")) != 1 {
		t.Errorf("was asked %d times", bytes.Count(data, []byte("x")))
	}
	script(t, c.Local().NginxBinary(), strings.Replace(text, "1.28.0", "1.28.10", 1)) // another size
	if b, err := Find(t.Context(), c); err != nil || b.Version != "1.28.10" {
		t.Errorf("found %+v (%v) after the binary was replaced", b, err)
	}
	if err := os.WriteFile(c.Local().NginxKnown(), []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := Find(t.Context(), c); err != nil || b.Version != "1.28.10" {
		t.Errorf("found %+v (%v) after the cache was damaged", b, err)
	}
}

func TestAnotherVersionThanThePinnedOneIsPassedOver(t *testing.T) {
	t.Parallel()
	c := load(t, strings.Replace(project, "port: 8000", "port: 8000, version: \"99.1\"", 1))
	script(t, c.Local().NginxBinary(), "echo nginx version: nginx/99.2.0")
	_, err := Find(t.Context(), c)
	if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), c.Local().NginxBinary()+" is 99.2.0, not 99.1") {
		t.Fatalf("got %v", err)
	}
	var h interface{ Hint() string }
	if !errors.As(err, &h) || !strings.Contains(h.Hint(), "nginx:install") {
		t.Error("the error has no hint")
	}
}

func TestABrokenBinaryIsPassedOver(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"does not run": "echo cannot execute >&2; exit 1", "is no nginx": "echo hello",
	} {
		c := load(t, project)
		script(t, c.Local().NginxBinary(), text)
		b, err := Find(t.Context(), c)
		if err != nil || b.Path == c.Local().NginxBinary() {
			t.Errorf("%s: found %+v (%v)", name, b, err)
		}
		if _, err := inspect(t.Context(), c, c.Local().NginxBinary()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"", "1.28", "^1.26", ">=1.26 <1.29", "1.x", "~", "v1.2.3", "=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fuzztest.Bound(t)
		if r, err := parseRange(s); err == nil {
			r.Match("1.28.2")
		}
	})
}

func FuzzParseIndex(f *testing.F) {
	f.Add([]byte(`{"formatVersion":2,"contents":[{"name":"nginx","version":"1.28.2","variant":"","arch":"x86_64","os":"linux","filename":"nginx-1.28.2-x86_64-linux","size":4,"checksum":"sha1:0123456789012345678901234567890123456789"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzztest.Bound(t)
		x, err := parseIndex(data)
		if err != nil {
			return
		}
		b, err := x.choose(newest(t), "linux", "amd64", nil)
		if err == nil && strings.ContainsAny(b.Filename, "/\\\x00\n ") {
			t.Errorf("chose the file %q", b.Filename)
		}
	})
}

func FuzzParseBuild(f *testing.F) {
	f.Add("nginx version: nginx/1.22.1\nconfigure arguments: --with-http_v2_module\n")
	f.Fuzz(func(t *testing.T, s string) {
		fuzztest.Bound(t)
		if v, _ := parseBuild(s); v != "" {
			if !isVersion(v) {
				t.Errorf("%q is no version", v)
			}
		}
	})
}
