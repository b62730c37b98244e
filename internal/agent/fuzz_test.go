package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/fuzztest"
	"muster/internal/local"
	"muster/internal/printable"
	"muster/internal/supervise"
)

// FuzzServe tries what a client sends over standard input: the server ends with it, and each
// line that it answers is JSON in which nothing acts on a terminal.
func FuzzServe(f *testing.F) {
	const hello = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}` + "\n" +
		`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n"
	for _, call := range []string{
		`"tools/list"`, `"tools/call","params":{"name":"status","arguments":{}}`, `"tools/call","params":{"name":"logs","arguments":{"grep":"(","cursor":"1-2"}}`,
		`"tools/call","params":{"name":"requests","arguments":{"status":"9","cursor":"-1","slowest":true,"limit":-5}}`, `"tools/call","params":{"name":"config_check"}`,
		`"tools/call","params":{"name":"\u001b]0;x\u0007","arguments":[]}`, `"tools/call","params":{"name":"wait","arguments":{"timeout_seconds":1e308}}`,
	} {
		f.Add([]byte(hello + `{"jsonrpc":"2.0","id":1,"method":` + call + "}\n"))
	}
	f.Add([]byte(hello + "{}\n[]\nnull\n\"\xff\"\n"))
	dir := f.TempDir()
	file := filepath.Join(dir, "dev-config.yaml")
	const text = "servers: {web: {port: 8101, command: [./web]}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
	if err := os.MkdirAll(local.Of(dir).Logs(), 0o700); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(local.Of(dir).Unified(), []byte("web-0              >> x\x1b[31m\n"), 0o600); err != nil {
		f.Fatal(err)
	}
	open := func(Selection) (Project, error) {
		cfg, err := config.Load(file)
		if err != nil {
			return Project{}, err
		}
		return Project{File: file, Config: cfg, Client: &supervise.Client{Local: cfg.Local(), Exe: "/nowhere"}}, nil
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		fuzztest.Bound(t)
		if waits(in) {
			return
		}
		var out output
		_ = Serve(t.Context(), Options{Open: open, Version: "1"}, io.NopCloser(bytes.NewReader(in)), &out) // what it says of a broken line is the client's
		for line := range bytes.Lines(out.Bytes()) {
			if !json.Valid(line) || bytes.ContainsRune(line, 0x1b) {
				t.Errorf("answered %q", line)
			}
		}
	})
}

// waits tells whether a call asks for time, or for what the machine has.
func waits(in []byte) bool {
	lower := bytes.ToLower(in)
	return bytes.Contains(lower, []byte("wait")) || bytes.Contains(lower, []byte("doctor")) || bytes.Contains(in, []byte(`\u00`))
}

type output struct{ bytes.Buffer }

func (*output) Close() error { return nil }

// FuzzInstall tries that a client's file keeps all else that is in it, or is refused.
func FuzzInstall(f *testing.F) {
	f.Add([]byte(`{"mcpServers":{"a":{"command":"x"}},"b":1.50}`), true)
	f.Add([]byte("{\r\n\t\"x\": [1, {}]\r\n}\r\n"), true)
	f.Add([]byte(`{"mcpServers":{"muster":{"command":"old"}}} `), true)
	f.Add([]byte(`{"mcpServers":null}`), true)
	f.Add([]byte("[mcp_servers.x]\ncommand = \"y\"\n\n\n"), false)
	f.Add([]byte("[ mcp_servers . \"muster-x\" ]\n"), false)
	f.Fuzz(func(t *testing.T, old []byte, isJSON bool) {
		fuzztest.Bound(t)
		client := "codex"
		if isJSON {
			client = "claude"
		}
		e := entryOf(t, client, "/x")
		now, err := e.into(bytes.Clone(old))
		if err != nil {
			return
		}
		if again, err := e.into(bytes.Clone(now)); err != nil || !bytes.Equal(again, now) {
			t.Errorf("%q becomes %q, and then %q: %v", old, now, again, err)
		}
		if !isJSON {
			if !bytes.HasPrefix(now, bytes.TrimRight(old, "\n")) {
				t.Errorf("%q becomes %q", old, now)
			}
			return
		}
		var before, after map[string]any
		if len(bytes.TrimSpace(old)) == 0 {
			return
		}
		if err := errors.Join(json.Unmarshal(old, &before), json.Unmarshal(now, &after)); err != nil {
			t.Fatal(err)
		}
		delete(servers(t, after, before), serverName)
		delete(servers(t, before, before), serverName)
		if b, a := written(before), written(after); b != a {
			t.Errorf("%s becomes %s", b, a)
		}
	})
}

// servers are those of a file, which has them also where it had none.
func servers(t *testing.T, file, before map[string]any) map[string]any {
	t.Helper()
	if before["mcpServers"] == nil {
		delete(file, "mcpServers")
	}
	all, _ := file["mcpServers"].(map[string]any)
	return all
}

func written(v any) string { b, _ := json.Marshal(v); return string(b) }

// FuzzSpelled tries that an answer is JSON, has nothing that acts on a terminal or on a
// reader's eye, and is no larger than it may be.
func FuzzSpelled(f *testing.F) {
	f.Add("a\x1b]0;x\a\r\u009b2J\u202e\b\f\\u001b \n\té<&>\u2028\xff", "1", 300)
	f.Add(`\\u001b\`, "-1", 0)
	f.Add("x", "99999999999999999999", 1<<30)
	f.Fuzz(func(t *testing.T, s, cursor string, most int) {
		fuzztest.Bound(t)
		data, err := encode([]string{s})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := json.Unmarshal(data, &got); err != nil || len(got) != 1 {
			t.Fatalf("%q is written as %s: %v", s, data, err)
		}
		if safe := printable.Text(got[0]); safe != got[0] {
			t.Errorf("%q is written as %s", s, data)
		}
		if most > 40 && size(clip(s, most)) > most {
			t.Errorf("%d bytes of at most %d", size(clip(s, most)), most)
		}
		part, _, _ := page([]string{s, s, s}, cursor)
		if len(part) > 3 {
			t.Errorf("%d of 3", len(part))
		}
		if lines := strings.Split(s, "\n"); len(lastOf(lines, max(most, 0))) > len(lines) {
			t.Error("more lines than there are")
		}
	})
}
