package targets_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	_ "muster/magefiles/targets" // what is built below: with other sources, a cached result is not this one's
)

// TestMain builds the real binary once, and makes the small programs that the
// scripts use.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // or every process of a test lingers for a second
	testscript.Main(withBinary{m}, map[string]func(){
		"fake": fake,
		"http": httpClient,
		"load": loadClient,
		"ws":   wsClient,
	})
}

// The real program and the repository that it was built from.
const (
	binaryVar = "MUSTER_TEST_BINARY"
	repoVar   = "MUSTER_TEST_REPO"
)

type withBinary struct{ m *testing.M }

func (w withBinary) Run() int {
	dir, err := os.MkdirTemp("", "muster-cli-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	repo, err := filepath.Abs("../..")
	if err == nil {
		err = build(repo, filepath.Join(dir, "muster"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Setenv(binaryVar, filepath.Join(dir, "muster"))
	os.Setenv(repoVar, repo)
	return w.m.Run()
}

// build compiles muster as users do, with the race detector where the tests
// have it.
func build(repo, file string) error {
	args := []string{"-f", filepath.Join(repo, "project.mk"), "binary", "MUSTER=" + file}
	env := os.Environ()
	if raceDetector {
		args = append(args, "CGO_ENABLED=1")
		env = append(env, "GOFLAGS="+os.Getenv("GOFLAGS")+" -race")
	}
	cmd := exec.Command("make", args...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build muster: %w\n%s", err, out)
	}
	return nil
}
