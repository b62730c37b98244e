package plan

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// shelled is the configuration's plan, called from a shell.
func shelled(t *testing.T, text string, environ ...string) *Plan {
	t.Helper()
	cfg := parse(t, text)
	cfg.Dir, cfg.File = "/srv", "/srv/dev-config.yaml"
	for i := range cfg.Servers {
		cfg.Servers[i].Dir = "/srv"
	}
	p, err := Build(cfg, tools)
	if err != nil {
		t.Fatal(err)
	}
	p.TakeShell(environ)
	return p
}

func TestWhatDiffersIsNamed(t *testing.T) {
	const before = "servers:\n  a: {port: 8001, env: {A: old, B: same}}\n  b: {port: 8002}\n  c: {port: 8003, command: sh}\n"
	for _, test := range []struct{ after, want string }{
		{before, ""},
		{strings.ReplaceAll(before, "old", "new"), "a-0 (A)"},
		{strings.ReplaceAll(before, "A: old, ", ""), "a-0 (A)"},
		{strings.ReplaceAll(before, "command: sh", "command: sh -c x"), "c-0 (command)"},
		{strings.ReplaceAll(before, "command: sh", "command: [sh], stop_timeout: 9s, restart: never"), "c-0 (restart, stop_timeout)"},
		{strings.ReplaceAll(before, "8002", "8012"), "b-0 (PORT, port, url)"},
		{strings.ReplaceAll(before, "  b:", "  d:"), "d-0 (new); b-0 (gone)"},
		{"servers: {backend: {port: 8000}}", ""}, // another mode
	} {
		var got []string
		for _, d := range Differences(shelled(t, before).Processes, shelled(t, test.after).Processes) {
			got = append(got, d.String())
		}
		if strings.Join(got, "; ") != test.want {
			t.Errorf("%s: got %q, want %q", test.after, got, test.want)
		}
	}
}

func TestWhatIsWatchedIsNotComparedWithThePlanOfTheBackendAlone(t *testing.T) {
	before, next := shelled(t, "servers: {a: {port: 8001}}").Processes, shelled(t, "servers: {a: {port: 8002}}").Processes
	watcher := Process{Name: "watch-config", Kind: Watcher}
	if got := Differences(append(before, watcher), next); len(got) > 0 {
		t.Errorf("%v", got)
	}
	if got := Differences(append(before, watcher), append(next, watcher)); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestAnotherTerminalIsNoDifferenceAndAnotherVariableIs(t *testing.T) {
	const file = "servers: {a: {port: 8001}}"
	before := shelled(t, file, "HOME=/home/me", "TOKEN=secret", "PORT=2", "PWD=/a", "SHLVL=1", "TERM=xterm", "SSH_TTY=/dev/pts/1", "_=/usr/bin/muster")
	for want, environ := range map[string][]string{
		"":                  {"NEW=x", "PORT=1", "_=/bin/x", "MAKEFLAGS=w", "TMUX_PANE=%1", "VSCODE_PID=1", "TERM=dumb", "PWD=/b", "TOKEN=secret", "HOME=/home/me"},
		"a-0 (TOKEN)":       {"HOME=/home/me", "TOKEN=other"},
		"a-0 (HOME)":        {"TOKEN=secret"},
		"a-0 (HOME, TOKEN)": {"NEW=x"},
	} {
		got := ""
		for _, d := range Differences(before.Processes, shelled(t, file, environ...).Processes) {
			got += d.String()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", environ, got, want)
		}
	}
	added := shelled(t, file, "HOME=/home/me", "TOKEN=secret", "NEW=x", "TERM=dumb").Processes
	if got := NewVariables(before.Processes, added); !slices.Equal(got, []string{"NEW"}) {
		t.Errorf("new are %v", got)
	}
	// What a process of ours asks for knows of no shell, and changes none.
	ours := shelled(t, file, "MUSTER_PROCESS=watch-config", "HOME=/else")
	if ours.Environ != nil || len(Differences(before.Processes, ours.Processes)) > 0 {
		t.Errorf("%+v", ours)
	}
	kept, err := json.Marshal(before.Processes)
	if err != nil || strings.Contains(string(kept), "secret") {
		t.Errorf("what is kept on disk has the shell's secret: %s, %v", kept, err)
	}
}

func TestPythonIsUnbufferedWhateverStartsIt(t *testing.T) {
	procs := build(t, "servers: {a: {port: 8001}, b: {port: 8002, command: sh}}\nfrontend: {dir: ., command: sh}", tools)
	for _, name := range []string{"a-0", "b-0", "frontend"} {
		if v, _ := env(procs[name], "PYTHONUNBUFFERED"); v != "1" {
			t.Errorf("%s: PYTHONUNBUFFERED=%q", name, v)
		}
	}
}
