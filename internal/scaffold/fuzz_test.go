package scaffold_test

import (
	"os"
	"path/filepath"
	"testing"

	"muster/internal/config"
	"muster/internal/fuzztest"
	"muster/internal/scaffold"
)

// drafted drafts a repository of one file, which must not panic, and gives what loads.
func drafted(t *testing.T, name, text string, more ...string) {
	t.Helper()
	fuzztest.Bound(t)
	dir := t.TempDir()
	for i := 0; i+1 < len(more); i += 2 {
		name, text := more[i], more[i+1]
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	draft, err := scaffold.Read(dir, "")
	if err != nil {
		return
	}
	file := filepath.Join(dir, "dev-config.yaml")
	if err := os.WriteFile(file, draft.YAML, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(file); err != nil {
		t.Errorf("%v\n%s", err, draft.YAML)
	}
	fuzztest.Shown(t, string(draft.YAML))
}

func FuzzProcfile(f *testing.F) {
	for _, seed := range []string{
		"web: a\n", "web: npm start -- -p $PORT\nrelease: x\nrelease: y\n", "web:a\nWEB: b\nweb-0: c\n",
		"nginx: x\nfrontend: y\nsupervisor: z\n", "a: cd b && c 'd", "a: X=1 Y='2 3' exec z ${PORT:-99} ${X} $$ $", "a: \"\\x\x00\"",
		"web: uvicorn a.b:c --reload --port 80 --workers 2 --fd 3 --ssl-keyfile x", "web: uvicorn $X --port $PORT", "- : -", "é: ü", "a: {port:b}", "a: b\rc: d",
		"web: uvicorn a:b --uds=x --reload-dir . --factory", "web: python -m http.server 99999", "w: -p1024", "a: '' b", "a: exec ''",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { drafted(t, "Procfile", text) })
}

func FuzzDockerfile(f *testing.F) {
	for _, seed := range []string{
		"FROM a\nCMD [\"x\", \"$PORT\"]\nEXPOSE 80", "FROM a AS b\nWORKDIR x\nCOPY . /y/\nFROM b\nENTRYPOINT [\"/y/z\"]\nCMD a && b", "CMD", "FROM", "ENTRYPOINT []\nCMD []",
		"FROM a\nRUN <<EOF\nCMD x\nEOF\nCMD y \\\n z \\", "FROM --platform=x a\nCOPY --from=q /a /b\nADD [\"a\", \"b\"]\nWORKDIR ../..", "FROM a\nCOPY .. /\nCMD /x", "FROM a\nCMD [\"\"]",
		"FROM a\nCMD [\"{port}\"]", "FROM a\nEXPOSE 70000/udp $X\nCMD uvicorn a:b", "FROM a\nCMD [\"\\u0000\"]", "FROM a\nCMD [\"a\", \"${X}\"]", "from a\ncmd sh -c 'x'",
	} {
		f.Add(seed)
	}
	const compose = "services:\n  x:\n    build: .\n    ports: [\"8080:80\"]\n    command: \n"
	f.Fuzz(func(t *testing.T, text string) { drafted(t, "Dockerfile", text, "compose.yaml", compose) })
}

func FuzzCompose(f *testing.F) {
	for _, seed := range []string{
		"services: {a: {build: ., command: x, ports: [1, \"2:3/tcp\", {target: 80}], environment: [A, B=c], depends_on: {b: {condition: service_healthy}}}, b: {image: x}}",
		"x-a: &a {restart: \"no\"}\nservices:\n  a: {<<: *a, image: redis, deploy: {replicas: 3}, scale: x}\n", "services: {a: {extends: a}}", "services: [a]", "services: {a: null, b: x}",
		"services: {a: {build: ., entrypoint: \"a 'b\", command: [], environment: {PORT: 80, X: $Y, Z: \"$${Q}\", E: \"\"}, env_file: [.env, {path: b}]}}", "a: *b", "&a [*a]",
		"services: {web-0: {image: a}, web: {image: b, ports: [\"70000:1\"]}, nginx: {build: ., command: x}}", "services: {a: {build: ., command: \"x {port:q} ${PORT}\", healthcheck: {test: [CMD-SHELL, \"x ${\"], interval: 1}}}",
		"services: {d: {image: postgres, environment: {POSTGRES_DB: x}}, e: {build: ., command: x, environment: {U: \"p://d:5@d:5432/d\"}, depends_on: [d, e]}}",
		"services: {a: {build: ., command: x, depends_on: [b]}, b: {build: ., command: y, depends_on: [a]}}",
		"services: {a: {build: ., command: x, scale: 200, ports: [65500]}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { drafted(t, "compose.yaml", text) })
}

func FuzzProcessCompose(f *testing.F) {
	for _, seed := range []string{
		"processes: {a: {command: x, readiness_probe: {http_get: {path: health, port: 80}, period_seconds: 3}, availability: {restart: always}, replicas: 2}}",
		"environment: [A=b, PORT=99999]\nprocesses: {a: {command: \"x ${PORT}\", depends_on: {b: {condition: process_completed}}}, b: {command: y, disabled: true}}",
		"processes: {a: {command: \"\", working_dir: .., shutdown: {signal: 9, timeout_seconds: -1}}, a-0: {command: \"'\", ready_log_line: \"(\"}}",
		"processes: [a]", "processes: {nginx: {command: \"$$x\", readiness_probe: {exec: {command: \"\"}, failure_threshold: 0}, replicas: 1e9}}", "a: &a {b: *a}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { drafted(t, "process-compose.yaml", text) })
}

func FuzzPackage(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"name":"x","scripts":{"dev":"vite --port 3000"},"dependencies":{"vite":"5"},"packageManager":"pnpm@9.1.0"}`, "packages: [apps/*, '!x']"},
		{`{"scripts":{"dev":"turbo run dev","start":"node server.js -p 70000"},"workspaces":{"packages":["a/**","[","../.."]}}`, ""},
		{`{"scripts":{"start":"PORT=1 express"},"dependencies":{"express":null}}`, "&a [*a]"}, {`[]`, "packages: {}"}, {`{"scripts":[]}`, "a"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, workspace string) {
		drafted(t, "package.json", text, "pnpm-workspace.yaml", workspace)
	})
}

// FuzzSource tries a Python application and what tells of it.
func FuzzSource(f *testing.F) {
	for _, seed := range [][2]string{
		{"from fastapi import FastAPI\napp = FastAPI(root_path='/x')\n@app.get('/y/{z}')\ndef y(): pass\nif __name__ == '__main__': uvicorn.run(app, port=8001)\n", "fastapi\nuvicorn[standard]==1\n"},
		{"import flask\napplication = flask.Flask(__name__)\napp.run(port=99999)\n", "flask\ncelery\n"}, {"app = FastAPI(\n", "-r ../x\n"},
		{"def create_app():\n  a = Flask(\"\\x00\")\n", "[tool.poetry]"}, {"app: FastAPI = FastAPI()\r\napp.include_router(r, prefix='/a\nb')", "#"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, source, requirements string) {
		drafted(t, "main.py", source, "requirements.txt", requirements)
	})
}

// FuzzGo tries a Go module.
func FuzzGo(f *testing.F) {
	for _, seed := range [][2]string{
		{"package main\nimport \"net/http\"\nfunc main() { http.ListenAndServe(\":8080\", nil) }\n", "module x/y\n\ngo 1.22\n"},
		{"package main\nfunc main() { os.Getenv(\"PORT\") }", "module \"a b\""}, {"package main // \x00", "module"}, {"// +build ignore\npackage main\nfunc main(){}", "module ../x\ntool a\n"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, source, module string) { drafted(t, "main.go", source, "go.mod", module) })
}

// FuzzDotenv tries the variables beside a Compose file that uses them.
func FuzzDotenv(f *testing.F) {
	for _, seed := range []string{"PORT=8001\nX='a\nb'\n", "PORT=\"\x00\"", "X=${PORT:-1}\nPORT=99999", "A", "PORT=$(reboot)\nX={port}\\\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		drafted(t, ".env", text, "compose.yaml", "services: {a: {build: ., command: \"x $PORT\", ports: [\"${PORT}:80\"], environment: {Y: \"${X:-y}\"}}}")
	})
}
