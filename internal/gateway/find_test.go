package gateway

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

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
	c := load(t, designFile)
	path := t.TempDir()
	t.Setenv("PATH", path+":/bin:/usr/bin")
	script(t, filepath.Join(path, "nginx"), "echo nginx version: nginx/1.20.1")
	b, err := Find(t.Context(), c)
	if err != nil || b.Path != filepath.Join(path, "nginx") || b.Version != "1.20.1" || b.Source != "system" {
		t.Errorf("found %+v (%v)", b, err)
	}
	script(t, LocalBinary(c), "echo nginx version: openresty/1.25.3.1 >&2; echo nginx version: nginx/1.28.0 >&2; echo configure arguments: --with-http_v2_module --without-http_uwsgi_module")
	b, err = Find(t.Context(), c)
	if err != nil || b.Path != LocalBinary(c) || b.Version != "1.28.0" || !b.has("http_v2") || b.has("http_uwsgi") || !b.has("http_scgi") || b.has("http_stub_status") {
		t.Errorf("found %+v (%v)", b, err)
	}
}

func TestASecondFindStartsNoProcess(t *testing.T) {
	t.Parallel()
	c := load(t, designFile)
	count := filepath.Join(c.Dir, "count")
	text := "echo x >> '" + count + "'; echo nginx version: nginx/1.28.0"
	script(t, LocalBinary(c), text)
	for range 3 {
		if _, err := Find(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if data, _ := os.ReadFile(count); bytes.Count(data, []byte("x")) != 1 {
		t.Errorf("was asked %d times", bytes.Count(data, []byte("x")))
	}
	script(t, LocalBinary(c), strings.Replace(text, "1.28.0", "1.28.10", 1)) // another size
	if b, err := Find(t.Context(), c); err != nil || b.Version != "1.28.10" {
		t.Errorf("found %+v (%v) after the binary was replaced", b, err)
	}
	if err := os.WriteFile(cacheFile(c), []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := Find(t.Context(), c); err != nil || b.Version != "1.28.10" {
		t.Errorf("found %+v (%v) after the cache was damaged", b, err)
	}
}

func TestAnotherVersionThanThePinnedOneIsPassedOver(t *testing.T) {
	t.Parallel()
	c := load(t, strings.Replace(designFile, "port: 8000", "port: 8000\n  version: \"99.1\"", 1))
	script(t, LocalBinary(c), "echo nginx version: nginx/99.2.0")
	_, err := Find(t.Context(), c)
	if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), LocalBinary(c)+" is 99.2.0, not 99.1") {
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
		c := load(t, designFile)
		script(t, LocalBinary(c), text)
		b, err := Find(t.Context(), c)
		if err != nil || b.Path == LocalBinary(c) {
			t.Errorf("%s: found %+v (%v)", name, b, err)
		}
		if _, err := inspect(t.Context(), c, LocalBinary(c)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}

func TestValidatePointsAtTheDirective(t *testing.T) {
	t.Parallel()
	c := load(t, designFile)
	c.Nginx.Extra = "own/extra.conf"
	extra := filepath.Join(c.Dir, "own", "extra.conf")
	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(extra), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(extra, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Generate(c, Options{}); err == nil || !strings.Contains(err.Error(), "nginx.extra") {
		t.Errorf("a missing file: %v", err)
	}
	write("location = /ok { return 200 fine; }\nproxy_read_timeout 300s;\n")
	generated(t, c, Options{})
	write("\n  proxy_read_timeot 300s; # wrong\n")
	b := realNginx(t, c)
	err := Validate(t.Context(), c, b, ConfFile(c))
	var e *ConfError
	if !errors.As(err, &e) || e.File != extra || e.Line != 2 || e.Directive != "proxy_read_timeot 300s; # wrong" {
		t.Fatalf("got %v", err)
	}
	if want := extra + `:2: nginx: unknown directive "proxy_read_timeot"` + "\n\tproxy_read_timeot 300s; # wrong"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if _, err := os.Stat(filepath.Join(c.Dir, ".local/run/nginx.pid")); err == nil {
		t.Error("the test left a pid file behind")
	}
}

func TestValidateLeavesARunningGatewayAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t, threeServers, three, startNginx)
	pid := filepath.Join(b.c.Dir, ".local/run/nginx.pid")
	var before []byte
	waitFor(t, "the pid file", func() bool {
		before, _ = os.ReadFile(pid)
		return len(before) > 0
	})
	if err := Validate(t.Context(), b.c, realNginx(t, b.c), ConfFile(b.c)); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(pid); !bytes.Equal(before, after) || len(after) == 0 {
		t.Errorf("the pid file was %q and is %q", before, after)
	}
	b.echo(t, "GET", "/health", nil)
}

func TestValidateEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := load(t, designFile)
	script(t, LocalBinary(c), "exec sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Validate(ctx, c, Binary{Path: LocalBinary(c), Version: "1.28.0"}, ConfFile(c)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAnOldNginxGetsNoErrorLogOption(t *testing.T) {
	t.Parallel()
	c := load(t, designFile)
	for version, want := range map[string]bool{"1.18.0": false, "1.19.5": true, "1.28.2": true} {
		args := strings.Join(Binary{Version: version}.Args(c, ConfFile(c)), " ")
		if strings.Contains(args, " -e ") != want {
			t.Errorf("%s: %s", version, args)
		}
	}
}

func TestDirectivesFollowTheVersionAndTheBuild(t *testing.T) {
	t.Parallel()
	c := load(t, "nginx: {port: 8443, tls: true}\nservers: {core: {port: 8001}}\n")
	for _, test := range []struct {
		b         Binary
		want, not []string
	}{
		{Binary{}, []string{"ssl backlog", "fastcgi_temp_path", "return 501"}, []string{"http2", "stub_status;", "keepalive_min_timeout"}},
		{Binary{Version: "1.22.1", Modules: []string{"http_v2", "http_stub_status", "-http_fastcgi"}},
			[]string{"ssl http2 backlog", " stub_status;"}, []string{"http2 on", "fastcgi", "keepalive_min_timeout"}},
		{Binary{Version: "1.28.2", Modules: []string{"http_v2"}},
			[]string{"http2 on;", "keepalive_min_timeout 1s;"}, []string{"ssl http2", "stub_status;"}},
	} {
		data, err := Generate(c, Options{Binary: test.b})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range test.want {
			if !strings.Contains(string(data), w) {
				t.Errorf("%+v: no %q", test.b, w)
			}
		}
		for _, n := range test.not {
			if strings.Contains(string(data), n) {
				t.Errorf("%+v: %q", test.b, n)
			}
		}
	}
}

func TestWriteChangesAFileOnlyWhenItDiffers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "nginx.conf")
	for i, text := range []string{"one", "one", "two"} {
		changed, err := Write(path, []byte(text))
		if err != nil || changed != (i != 1) {
			t.Errorf("write %d: changed %v (%v)", i, changed, err)
		}
		if data, _ := os.ReadFile(path); string(data) != text {
			t.Errorf("write %d: holds %q", i, data)
		}
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o644 {
			t.Errorf("write %d: mode %v (%v)", i, st.Mode(), err)
		}
	}
	if list, _ := os.ReadDir(filepath.Dir(path)); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
	if _, err := Write(filepath.Join(path, "below a file"), nil); err == nil || !strings.Contains(err.Error(), "write "+path) {
		t.Errorf("got %v", err)
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"", "1.28", "^1.26", ">=1.26 <1.29", "1.x", "~", "v1.2.3", "=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parseRange(s)
		if err == nil {
			r.matches(version{1, 28, 2})
		}
	})
}

func FuzzParseIndex(f *testing.F) {
	f.Add([]byte(`{"formatVersion":2,"contents":[{"name":"nginx","version":"1.28.2","variant":"","arch":"x86_64","os":"linux","filename":"nginx-1.28.2-x86_64-linux","size":4,"checksum":"sha1:0123456789012345678901234567890123456789"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := parseIndex(data)
		if err != nil {
			return
		}
		b, err := x.choose(nil, "linux", "amd64", nil)
		if err == nil && strings.ContainsAny(b.Filename, "/\\\x00\n ") {
			t.Errorf("chose the file %q", b.Filename)
		}
	})
}

func FuzzParseBuild(f *testing.F) {
	f.Add("nginx version: nginx/1.22.1\nconfigure arguments: --with-http_v2_module\n")
	f.Fuzz(func(t *testing.T, s string) {
		if v, _ := parseBuild(s); v != "" {
			if _, err := parseVersion(v); err != nil {
				t.Errorf("%q is no version", v)
			}
		}
		parseComplaint(s)
		_, _ = ParseStatus([]byte(s))
	})
}

// FuzzQuote writes any string as an argument and reads it back by nginx's
// rules.
func FuzzQuote(f *testing.F) {
	for _, s := range evil() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := quote(s)
		if err != nil {
			return
		}
		if list := directives(t, "a "+q+"; b c;"); len(list) != 2 || list[0] != "a" || list[1] != "b" {
			t.Errorf("%q as %s reads as %q", s, q, list)
		}
	})
}
