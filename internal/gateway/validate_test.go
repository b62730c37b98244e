package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/internal/gateway"
)

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
		if err := os.WriteFile(extra, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := gateway.Generate(c, gateway.Options{}); err == nil || !strings.Contains(err.Error(), "nginx.extra") {
		t.Errorf("a missing file: %v", err)
	}
	write("location = /ok { return 200 fine; }\nproxy_read_timeout 300s;\n")
	generated(t, c, gateway.Options{})
	write("\n  proxy_read_timeot 300s; # wrong\n")
	b := realNginx(t, c)
	err := gateway.Validate(t.Context(), c, b, c.Local().NginxConf())
	var e *gateway.ConfError
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
	if err := gateway.Validate(t.Context(), b.c, realNginx(t, b.c), b.c.Local().NginxConf()); err != nil {
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
	silent := filepath.Join(c.Dir, "nginx")
	if err := os.WriteFile(silent, []byte("#!/bin/sh\nexec sleep 60\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := gateway.Validate(ctx, c, gateway.Binary{Path: silent, Version: "1.28.0"}, c.Local().NginxConf()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAnOldNginxGetsNoErrorLogOption(t *testing.T) {
	t.Parallel()
	c := load(t, designFile)
	for version, want := range map[string]bool{"1.18.0": false, "1.19.5": true, "1.28.2": true} {
		args := strings.Join(gateway.Binary{Version: version}.Args(c, c.Local().NginxConf()), " ")
		if strings.Contains(args, " -e ") != want {
			t.Errorf("%s: %s", version, args)
		}
	}
}

func TestDirectivesFollowTheVersionAndTheBuild(t *testing.T) {
	t.Parallel()
	c := load(t, "nginx: {port: 8443, tls: true}\nservers: {core: {port: 8001}}\n")
	for _, test := range []struct {
		b         gateway.Binary
		want, not []string
	}{
		{gateway.Binary{}, []string{"ssl backlog", "fastcgi_temp_path", "return 501"}, []string{"http2", "stub_status;", "keepalive_min_timeout"}},
		{gateway.Binary{Version: "1.22.1", Modules: []string{"http_v2", "http_stub_status", "-http_fastcgi"}},
			[]string{"ssl http2 backlog", " stub_status;"}, []string{"http2 on", "fastcgi", "keepalive_min_timeout"}},
		{gateway.Binary{Version: "1.28.2", Modules: []string{"http_v2"}},
			[]string{"http2 on;", "keepalive_min_timeout 1s;"}, []string{"ssl http2", "stub_status;"}},
	} {
		data, err := gateway.Generate(c, gateway.Options{Binary: test.b})
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
		changed, err := gateway.Write(path, []byte(text))
		if err != nil || changed != (i != 1) {
			t.Errorf("write %d: changed %v (%v)", i, changed, err)
		}
		if data, _ := os.ReadFile(path); string(data) != text {
			t.Errorf("write %d: holds %q", i, data)
		}
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("write %d: mode %v (%v)", i, st.Mode(), err)
		}
	}
	if list, _ := os.ReadDir(filepath.Dir(path)); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
	if _, err := gateway.Write(filepath.Join(path, "below a file"), nil); err == nil || !strings.Contains(err.Error(), "write "+path) {
		t.Errorf("got %v", err)
	}
}
