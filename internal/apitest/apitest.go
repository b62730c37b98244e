// Package apitest is what the tests of several packages try documents and
// clients with: an API, and programs of Python and Node.
package apitest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// multipart is what FastAPI takes forms apart with, under its old and its new
// name. Without it the application does not start.
const multipart = `
import fastapi, uvicorn, httpx, pydantic
try:
    import python_multipart
except ImportError:
    import multipart.multipart`

var findPython = sync.OnceValue(func() string {
	for _, p := range []string{os.Getenv("MUSTER_TEST_PYTHON"), "python3", "/usr/bin/python3"} {
		if p != "" && exec.Command(p, "-c", multipart).Run() == nil {
			return p
		}
	}
	return ""
})

// Python is an interpreter that has what the application and the clients need.
func Python(t testing.TB) string {
	t.Helper()
	p := findPython()
	if p == "" {
		t.Skip("no python3 with fastapi, uvicorn, httpx, pydantic and python-multipart")
	}
	return p
}

// Mypy type-checks files, strictly. What it learned of the libraries is kept
// between runs.
func Mypy(t testing.TB, dir string, files ...string) {
	t.Helper()
	if _, err := exec.LookPath("mypy"); err != nil {
		t.Skip("no mypy")
	}
	args := append([]string{"--strict", "--no-error-summary", "--cache-dir", Cached(t, "mypy"), "--python-executable", Python(t)}, files...)
	Run(t, dir, "mypy", args...)
}

// Run runs a program that must succeed.
func Run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		const most = 6000
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out[:min(len(out), most)])
	}
	return string(out)
}

// Cached is a place in the user's cache, for what tests fetch or work out at
// some cost and that is the same the next time.
func Cached(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "muster-tests")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// npm is a folder with packages of the npm registry installed, kept between
// runs of the tests.
func npm(t testing.TB, packages ...string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(strings.Join(packages, " ")))
	dir := Cached(t, "npm-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err == nil {
		return dir
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("no npm")
	}
	tmp, err := os.MkdirTemp(Cached(t, ""), "new-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	writeFile(t, filepath.Join(tmp, "package.json"), `{"private":true}`)
	cmd := exec.Command("npm", append([]string{"install", "--no-fund", "--no-audit", "--ignore-scripts", "--silent"}, packages...)...)
	cmd.Dir = tmp
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("the npm registry is not to be had: %v\n%s", err, out)
	}
	if err := os.Rename(tmp, dir); err != nil {
		if _, other := os.Stat(dir); other != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Programs is the folder of the programs that packages of the npm registry bring
// along.
func Programs(t testing.TB, packages ...string) string {
	t.Helper()
	return filepath.Join(npm(t, packages...), "node_modules", ".bin")
}

// Frontend is a folder whose node_modules are those of npm.
func Frontend(t testing.TB) string {
	t.Helper()
	packages := npm(t, "@hey-api/openapi-ts@0.99", "typescript@5.9", "ws@8", "@types/node@20")
	dir := filepath.Join(t.TempDir(), "frontend")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(packages, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "package.json"), `{"private":true,"type":"module"}`)
	return dir
}

func writeFile(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
