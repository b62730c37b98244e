package scaffold_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/scaffold"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestRepositories drafts the configuration of every repository in testdata, on a
// machine that has none of the programs of images. What each one is to become stands
// beside it, and loads.
func TestRepositories(t *testing.T) {
	t.Setenv("PATH", filepath.Join(t.TempDir(), "nothing"))
	scaffold.WithoutDebian()
	repos, err := filepath.Glob("testdata/repos/*")
	if err != nil || len(repos) == 0 {
		t.Fatal(repos, err)
	}
	for _, repo := range repos {
		t.Run(filepath.Base(repo), func(t *testing.T) {
			dir := copied(t, repo)
			draft, err := scaffold.Read(dir, "")
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "golden", filepath.Base(repo)+".yaml")
			if *update {
				if err := os.WriteFile(golden, draft.YAML, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || !bytes.Equal(want, draft.YAML) {
				t.Errorf("%v: not as in %s:\n%s", err, golden, draft.YAML)
			}
			if strings.Contains(string(draft.YAML), "s3cret") {
				t.Error("a secret of .env is in it")
			}
			loads(t, dir, draft)
		})
	}
}

// copied is a repository in a folder of its own, with the names that may not be
// in this one.
func copied(t *testing.T, repo string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "repo")
	if err := os.CopyFS(dir, os.DirFS(repo)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "dotenv"), filepath.Join(dir, ".env")); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return dir
}

// loads checks that a draft is a configuration without a mistake.
func loads(t *testing.T, dir string, draft *scaffold.Draft) *config.Config {
	t.Helper()
	file := filepath.Join(dir, "dev-config.yaml")
	if err := os.WriteFile(file, draft.YAML, 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, draft.YAML)
	}
	return cfg
}

// TestFrom reads one file of a repository alone, whatever lies beside it.
func TestFrom(t *testing.T) {
	t.Setenv("PATH", filepath.Join(t.TempDir(), "nothing"))
	for _, test := range []struct{ from, want, not string }{
		{"go/go.mod", "command: [go, run, ./cmd/api]", "postgres"},
		{"go/docker-compose.yaml", "command: [docker, compose, -f, go/docker-compose.yaml, up, postgres]", "cmd/api"},
		{"django/manage.py", `command: [python3, manage.py, runserver, "{port}"]`, "gunicorn"},
		{"django/Procfile", "command: [gunicorn, --config, gunicorn.conf.py, mysite.wsgi]", "runserver"},
		{"pnpm/apps/web/package.json", `command: [pnpm, run, dev, --port, "{port}"]`, "apps/api"},
		{"process-compose/process-compose.yaml", "dir: process-compose/api", "procfile"},
		{"voting/vote/Dockerfile", "dir: voting/vote", "redis"},
		{"fastapi/backend", "app: app.main:app", "bun"},
	} {
		t.Run(test.from, func(t *testing.T) {
			dir := copied(t, "testdata/repos")
			draft, err := scaffold.Read(dir, filepath.Join(dir, test.from))
			if err != nil {
				t.Fatal(err)
			}
			if text := string(draft.YAML); !strings.Contains(text, test.want) || strings.Contains(text, test.not) {
				t.Errorf("not with %s, or with %s:\n%s", test.want, test.not, text)
			}
			loads(t, dir, draft)
		})
	}
}

// TestLeft names with its place what could not be taken over.
func TestLeft(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"compose.yaml", "services:\n  a:\n    build: .\n    command: x\n    cap_add: [SYS_ADMIN]\n", "compose.yaml:5: services.a.cap_add is not taken over"},
		{"compose.yaml", "services:\n  a:\n    build: .\n    command: x\n    restart: always\nvolumes:\n  v:\n", "compose.yaml:6: volumes: is not taken over"},
		{"compose.yaml", "services:\n  a:\n    build: .\n    command: x\n    healthcheck:\n      test: [CMD, y]\n      start_interval: 1s\n", "compose.yaml:7: services.a.healthcheck.start_interval is not taken over"},
		{"compose.yaml", "services:\n  a: {build: ., command: x}\n  b: {image: nginx}\n", "compose.yaml:3: services.b: nginx does what the gateway does"},
		{"compose.yaml", "services:\n  a:\n    build: .\n    command: x ${NOBODY_HAS_IT:?say it}\n", "compose.yaml:4: nobody sets NOBODY_HAS_IT"},
		{"process-compose.yaml", "processes:\n  a:\n    command: x\n    is_daemon: true\n", "process-compose.yaml:4: processes.a.is_daemon is not taken over"},
		{"Procfile", "web: x\n\nwhat\n", "Procfile:3: is no line NAME: COMMAND"},
		{"Procfile", "a: cd gone && x\n", "Procfile:1: a runs in gone, and there is no such folder"},
		{"Procfile", "web: uvicorn a:b --workers 3\n", "Procfile:1: web: --workers 3: write instances: 3"},
		{"Procfile", "web: x\na: y {port:nobody}\n", "Procfile:2: a cannot be taken over: workers.a.command has `{port:nobody}`"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, test.name), []byte(test.text), 0o644); err != nil {
			t.Fatal(err)
		}
		draft, err := scaffold.Read(dir, "")
		if err != nil {
			t.Errorf("%s: %v", test.want, err)
			continue
		}
		if all := strings.Join(draft.Left, "\n"); !strings.Contains(all, test.want) || !strings.Contains(string(draft.YAML), test.want) {
			t.Errorf("not named: %s, but:\n%s", test.want, all)
		}
		loads(t, dir, draft)
	}
}

// TestThePortByWayOfAnotherVariable is Compose's: .env may name its own variables.
func TestThePortByWayOfAnotherVariable(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		".env":         "LISTEN=--port=$PORT\nOTHER=x\n",
		"compose.yaml": "services:\n  app:\n    build: .\n    command: serve ${LISTEN} ${OTHER}\n    ports: [\"7001:7001\"]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	draft, err := scaffold.Read(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := loads(t, dir, draft).Servers[0].Command; !slices.Equal(got, []string{"serve", "--port={port}", "x"}) {
		t.Errorf("%q", got)
	}
}

// TestHosts has the names of services lead to this machine, and nothing else.
func TestHosts(t *testing.T) {
	const services = "services:\n  db: {image: somedb, ports: [\"7001:70\"]}\n  app:\n    build: .\n    command: x\n    environment:\n      %s: \"%s\"\n"
	for _, test := range []struct{ name, value, want string }{
		{"URL", "pg://db:pw@db:70/db", "pg://db:pw@127.0.0.1:{port:db}/db"},
		{"URL", "pg://u:p@db/db", "pg://u:p@127.0.0.1:{port:db}/db"},
		{"URL", "http://db", "http://127.0.0.1:{port:db}"},
		{"LIST", "db:70,other:70", "127.0.0.1:{port:db},other:70"},
		{"LIST", "db:71", "127.0.0.1:71"},
		{"DB_HOST", "db", "127.0.0.1"},
		{"DB_NAME", "db", "db"},
		{"URL", "pg://mydb:70/db-x", "pg://mydb:70/db-x"},
		{"URL", "pg://db.example.com/db", "pg://db.example.com/db"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), fmt.Appendf(nil, services, test.name, test.value), 0o644); err != nil {
			t.Fatal(err)
		}
		draft, err := scaffold.Read(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		cfg := loads(t, dir, draft)
		for _, p := range cfg.Workers {
			if p.Name == "app" && p.Env[0].Value != test.want {
				t.Errorf("%s=%s is %s, not %s", test.name, test.value, p.Env[0].Value, test.want)
			}
		}
	}
}
