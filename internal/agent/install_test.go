package agent

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"muster/internal/hint"
)

func entryOf(t *testing.T, client, dir string) Entry {
	t.Helper()
	for _, e := range Entries(dir, Launch{"/opt/muster", []string{"agent:serve", `-config=/a "b"/dev-config.yaml`}}) {
		if e.Client == client {
			return e
		}
	}
	t.Fatal(client)
	return Entry{}
}

const entryText = `"muster": {
      "type": "stdio",
      "command": "/opt/muster",
      "args": ["agent:serve", "-config=/a \"b\"/dev-config.yaml"]
    }`

func TestAnEntryIsPutBesideAllElse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, want string }{
		"no file": {"", "{\n  \"mcpServers\": {\n    " + entryText + "\n  }\n}\n"},
		"empty":   {"{}", "{\n  \"mcpServers\": {\n    " + entryText + "\n  }\n}"},
		"others, in their order and form": {
			"{\n  \"b\": 1.50,  \"big\": 123456789012345678901234567890,\n  \"mcpServers\": {\n    \"z\": {\"command\": \"z\"},\n    \"a\": {\"url\": \"http://x\\u002f\"}\n  },\n  \"last\": [ ]\n}\n",
			"{\n  \"b\": 1.50,  \"big\": 123456789012345678901234567890,\n  \"mcpServers\": {\n    \"z\": {\"command\": \"z\"},\n    \"a\": {\"url\": \"http://x\\u002f\"},\n    " + entryText + "\n  },\n  \"last\": [ ]\n}\n"},
		"no servers": {"{\n  \"other\": {}\n}\n", "{\n  \"other\": {},\n  \"mcpServers\": {\n    " + entryText + "\n  }\n}\n"},
		"an older one": {"{\n  \"mcpServers\": {\n    \"muster\": {\"command\": \"old\"},\n    \"a\": {}\n  }\n}\n",
			"{\n  \"mcpServers\": {\n    " + entryText + ",\n    \"a\": {}\n  }\n}\n"},
		"none of them yet": {"{\n  \"mcpServers\": {}\n}\n", "{\n  \"mcpServers\": {\n    " + entryText + "\n  }\n}\n"},
		"CRLF":             {"{\r\n  \"x\": 1\r\n}\r\n", strings.ReplaceAll("{\n  \"x\": 1,\n  \"mcpServers\": {\n    "+entryText+"\n  }\n}\n", "\n", "\r\n")},
	} {
		dir := t.TempDir()
		e := entryOf(t, "claude", dir)
		if name != "no file" {
			if err := os.WriteFile(e.File, []byte(c.old), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for again := range 2 {
			changed, err := e.Write()
			got, _ := os.ReadFile(e.File)
			if err != nil || changed != (again == 0) || string(got) != c.want {
				t.Errorf("%s: changed %t, %v, got\n%s\nwant\n%s", name, changed, err, got, c.want)
			}
		}
		if info, err := os.Stat(e.File); err != nil || name != "no file" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestWhatCannotBeKeptIsNotTouched(t *testing.T) {
	t.Parallel()
	for _, old := range []string{"// mine\n{}", "{\"mcpServers\": []}", "{", "[]", "{} {}", "{\"a\": 1, \"a\": 2}", "{\"mcpServers\": {\"a\": 1,}}", "\ufeff{}"} {
		e := entryOf(t, "claude", t.TempDir())
		if err := os.WriteFile(e.File, []byte(old), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := e.Write()
		if err == nil || !strings.Contains(hint.Of(err), "agent:install -client=claude") {
			t.Errorf("%q: %v", old, err)
		}
		if got, _ := os.ReadFile(e.File); string(got) != old {
			t.Errorf("%q became %q", old, got)
		}
	}
}

func TestNoLinkIsFollowed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip()
	}
	dir, other := t.TempDir(), t.TempDir()
	target := filepath.Join(other, "x.json")
	if err := os.WriteFile(target, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for client, link := range map[string][2]string{"claude": {target, filepath.Join(dir, ".mcp.json")}, "cursor": {other, filepath.Join(dir, ".cursor")}} {
		if err := os.Symlink(link[0], link[1]); err != nil {
			t.Fatal(err)
		}
		if _, err := entryOf(t, client, dir).Write(); err == nil || !strings.Contains(err.Error(), "symbolic link") {
			t.Errorf("%s: %v", client, err)
		}
	}
	if got, _ := os.ReadFile(target); string(got) != "{}" {
		t.Errorf("got %q", got)
	}
	if files, _ := os.ReadDir(other); len(files) != 1 {
		t.Errorf("got %v", files)
	}
}

func TestCodexGetsATable(t *testing.T) {
	home := t.TempDir()
	t.Setenv("CODEX_HOME", filepath.Join(home, ".codex"))
	e := entryOf(t, "codex", "/srv/my shop")
	want := "[mcp_servers.muster-my-shop]\ncommand = \"/opt/muster\"\nargs = [\"agent:serve\", \"-config=/a \\\"b\\\"/dev-config.yaml\"]\n"
	for _, c := range []struct{ old, want string }{
		{"", want},
		{"model = \"x\" # mine\n", "model = \"x\" # mine\n\n" + want},
		{"[mcp_servers.other]\ncommand = \"x\"", "[mcp_servers.other]\ncommand = \"x\"\n\n" + want},
		{"[mcp_servers.muster-my-shop]\ncommand = \"x\"\n", ""},
		{"mcp_servers = {}\n", ""},
	} {
		if err := os.MkdirAll(filepath.Dir(e.File), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(e.File, []byte(c.old), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := e.Write()
		got, _ := os.ReadFile(e.File)
		if c.want == "" && (err == nil || string(got) != c.old) || c.want != "" && (err != nil || string(got) != c.want) {
			t.Errorf("%q: %v, got\n%s", c.old, err, got)
		}
	}
}
