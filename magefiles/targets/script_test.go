package targets_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the sessions in testdata/script, each in a folder of its
// own. They are told in commands_test.go what they may say.
func TestScripts(t *testing.T) {
	t.Parallel()
	runScripts(t, "testdata/script", setUp)
}

func runScripts(t *testing.T, scripts string, setUp func(*testscript.Env) error) {
	// testscript leaves the folder of the scripts' folders behind where -run
	// selects some of them.
	var dir atomic.Value
	t.Cleanup(func() {
		if dir, ok := dir.Load().(string); ok {
			os.Remove(dir)
		}
	})
	testscript.Run(t, testscript.Params{
		Dir: scripts, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			dir.Store(filepath.Dir(env.WorkDir))
			return setUp(env)
		},
		Condition: func(name string) (bool, error) {
			if name != "root" {
				return false, errors.New("unknown condition " + name)
			}
			return os.Geteuid() == 0, nil
		},
		Cmds: withTerminals(map[string]command{
			"freeports":  freePorts,
			"expand":     expand,
			"exits":      exits,
			"eventually": eventually,
			"json":       jsonFields,
			"get":        get,
			"pid":        pidOf,
			"equal":      equal,
			"alive":      alive,
			"signal":     sendSignal,
			"noleft":     noLeft,
			"jsonschema": validate,
			"needs":      needs,
			"fetch":      fetch,
		}),
	})
}

// command is what a script may say.
type command = func(ts *testscript.TestScript, neg bool, args []string)

// A script's values.
type (
	portsKey struct{} // *[]int, the ports that the script was given
)

func setUp(env *testscript.Env) error {
	bin := filepath.Dir(os.Getenv(binaryVar))
	env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("HOME", filepath.Join(env.WorkDir, ".home"))
	env.Setenv("REPO", os.Getenv(repoVar))
	env.Setenv("BACKEND", filepath.Join(os.Getenv(repoVar), "example", "backend"))
	env.Setenv("PYTHONDONTWRITEBYTECODE", "1")
	for name, value := range goEnv() { // a compile in a script uses the same caches
		env.Setenv(name, value)
	}
	env.Setenv("NO_PROXY", "127.0.0.1,localhost")
	env.Setenv("MUSTER_CONFIG", "")
	env.Setenv("MUSTER_TRUST", "")
	var ports []int
	setUpTerminals(env)
	env.Values[portsKey{}] = &ports
	t := env.T()
	env.Defer(func() {
		if err := cleanUp(env.WorkDir, ports); err != nil {
			t.Log(err)
			t.FailNow()
		}
	})
	return os.MkdirAll(filepath.Join(env.WorkDir, ".home"), 0o755)
}

// goEnv is where Go keeps what it has built and loaded, whatever HOME is.
var goEnv = sync.OnceValue(func() map[string]string {
	out, _ := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	env := map[string]string{}
	json.Unmarshal(out, &env)
	return env
})

// cleanUp stops what a script left running, however it ended. That must leave
// nothing, and no program may have had a data race.
func cleanUp(work string, ports []int) error {
	var errs []error
	roots, err := projects(work)
	if err != nil {
		errs = append(errs, err)
	}
	for _, root := range roots {
		if _, err := os.Stat(filepath.Join(root, "run", "state.json")); err == nil {
			cmd := exec.Command(os.Getenv(binaryVar), "backend:stop", "-timeout=2s", "-config="+filepath.Join(filepath.Dir(root), "dev-config.yaml"))
			if out, err := cmd.CombinedOutput(); err != nil {
				errs = append(errs, errors.New("backend:stop after the script: "+err.Error()+"\n"+string(out)))
			}
		}
		if log, err := os.ReadFile(filepath.Join(root, "logs", "supervisor.log")); err == nil && strings.Contains(string(log), "DATA RACE") {
			errs = append(errs, errors.New("the supervisor has a data race:\n"+string(log)))
		}
	}
	errs = append(errs, nothingLeft(roots, ports))
	killLeft(roots)
	return errors.Join(errs...)
}

// projects lists the .local folders below a folder.
func projects(dir string) (roots []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err == nil && d.IsDir() && d.Name() == ".local" {
			roots = append(roots, path)
			return fs.SkipDir
		}
		return err
	})
	return roots, err
}

// patience is how long a script waits for something that is to happen: far
// longer than it takes, for the machine may be busy.
const patience = 40 * time.Second
