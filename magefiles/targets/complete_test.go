package targets_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// asked prints what a shell would offer for the words of "$@", one a line.
var asked = map[string]string{
	"bash": `
source "$1"
COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
_muster "${2%% *}"
printf '%s\n' "${COMPREPLY[@]}"`,
	"zsh": `
compadd() { print -rl -- "${(@P)@[-1]}" }
compset() { }
_files() { print -r files }
_default() { print -r default }
source "$1"
words=("${(@s: :)2}") service=$words[1] CURRENT=$#words PREFIX=$words[-1]
_muster`,
	"fish": `
source $argv[1]
complete -C $argv[2] | string replace -r '\t.*' ''
true`,
}

// TestShellsComplete asks each shell itself.
func TestShellsComplete(t *testing.T) {
	t.Parallel()
	binary := os.Getenv(binaryVar)
	config := `
nginx: {port: 8000}
servers:
  api: {port: 8001, command: x}
  broker: {port: 8010, command: x, instances: 2}
tasks: {migrate: {command: x}}
`
	for shell, program := range asked {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip("no " + shell)
			}
			dir := filepath.Join(t.TempDir(), "a place (of $5)'s")
			put := func(name, text string, mode os.FileMode) string {
				file := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), mode); err != nil {
					t.Fatal(err)
				}
				return file
			}
			put("dev-config.yaml", config, 0o600)
			ask := func(script, line, bin string) []string {
				args := []string{"-c", program, shell, script, line}
				switch shell {
				case "zsh":
					args = append([]string{"-f"}, args...)
				case "fish":
					args = []string{"--no-config", "-c", program, script, line}
				}
				cmd := exec.Command(path, args...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+dir, "MUSTER_CONFIG=")
				out, err := cmd.CombinedOutput()
				if err != nil && len(out) > 0 {
					t.Errorf("%s: %v\n%s", line, err, out)
				}
				lines := strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
				slices.Sort(lines)
				return lines
			}
			// The program that is asked for `go tool mage` lies in a folder with such a name.
			there := filepath.Join(dir, "muster")
			if err := os.Symlink(binary, there); err != nil {
				t.Fatal(err)
			}
			text, err := exec.Command(there, "dev:completion", "-shell="+shell).Output()
			if err != nil {
				t.Fatal(err)
			}
			script := put("completion", string(text), 0o600)
			for line, want := range map[string]string{
				"muster backend:sta":                              "backend:start backend:status",
				"muster backend:start -only=b":                    "-only=broker -only=broker-0 -only=broker-1",
				"muster backend:start -nowait -only=api,nginx,br": "-only=api,nginx,broker -only=api,nginx,broker-0 -only=api,nginx,broker-1",
				"muster backend:run ":                             "migrate",
				"muster nothing:there -only=zebra":                "",
				"go tool mage backend:run m":                      "migrate",
				"mage backend:run m":                              "migrate",
			} {
				words := strings.Fields(want)
				if shell == "bash" { // which replaces what is behind : and =
					for i, w := range words {
						words[i] = w[strings.LastIndexAny(w, ":=")+1:]
					}
				}
				if got := ask(script, line, dir); !slices.Equal(got, words) {
					t.Errorf("%q gives %q, want %q", line, got, words)
				}
			}
			// Whatever comes back is a text.
			hostile := []string{"$(touch pwned)", "`touch pwned`", "*", "a;touch pwned", "~"}
			stub := "#!/bin/sh\ncat <<'END'\n" + strings.Join(hostile, "\n") + "\nEND\n"
			put("stub/muster", stub, 0o755)
			got := ask(script, "muster ", filepath.Join(dir, "stub"))
			slices.Sort(hostile)
			if !slices.Equal(got, hostile) {
				t.Errorf("got %q, want %q", got, hostile)
			}
			ask(script, "muster $(touch pwned) `touch pwned` -only=$(touch pwned)", dir)
			if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
				t.Error("what came back was evaluated")
			}
			// A configuration with mistakes, or no program: nothing is said.
			put("dev-config.yaml", "servers: [", 0o600)
			for _, line := range []string{"muster backend:start -only=b", "./none/muster backend:start -only=b"} {
				if got := ask(script, line, dir); len(got) > 0 {
					t.Errorf("%q gives %q", line, got)
				}
			}
		})
	}
}
