package targets_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"muster/internal/apitest"
	"muster/internal/toolchain"
)

var foreign = flag.Bool("foreign", false, "run TestForeign, with programs and packages that this machine may not have")

// TestForeign runs small applications of the shapes that public projects have, each
// with the programs that it is made of.
func TestForeign(t *testing.T) {
	if !*foreign {
		return
	}
	t.Parallel()
	python, _ := exec.LookPath(cmp.Or(os.Getenv("MUSTER_TEST_PYTHON"), "python3"))
	runScripts(t, "testdata/foreign", func(env *testscript.Env) error {
		env.Vars = append(os.Environ(), env.Vars...) // which says how the registries are reached
		if err := errors.Join(postgres(env), setUp(env)); err != nil {
			return err
		}
		path := []string{filepath.Dir(os.Getenv(binaryVar)), filepath.Dir(python), env.Getenv("PATH")}
		env.Setenv("PATH", strings.Join(path, string(os.PathListSeparator)))
		env.Setenv("npm_config_cache", apitest.Cached(t, "npm-cache"))
		env.Values[skipKey{}] = env.T().Skip
		return nil
	})
}

// postgres sets $PG to what runs a program of PostgreSQL: the folder of the programs,
// behind the change of user without which they refuse to be root's; and $PGFOLDER to
// what makes a folder that such a program may fill.
func postgres(env *testscript.Env) error {
	bin, user, folder := "", "", "mkdir -p"
	if _, err := exec.LookPath("initdb"); err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian has them off PATH
		for _, initdb := range found {
			bin = filepath.Dir(initdb) + "/"
		}
	}
	if os.Geteuid() == 0 {
		user, folder = "setpriv --reuid=postgres --regid=postgres --clear-groups ", "install -d -o postgres"
		env.Defer(func() { // config:init has such a database in its user's home
			sum := sha256.Sum256([]byte(env.WorkDir))
			left, _ := filepath.Glob("/var/lib/postgresql/muster-" + hex.EncodeToString(sum[:4]) + "-*")
			for _, dir := range left {
				os.RemoveAll(dir)
			}
		})
		// The other user passes through the folders above its own.
		for _, dir := range []string{env.WorkDir, filepath.Dir(env.WorkDir)} {
			if err := os.Chmod(dir, 0o711); err != nil {
				return err
			}
		}
	}
	env.Setenv("PG", user+bin)
	env.Setenv("PGFOLDER", folder)
	return nil
}

type skipKey struct{} // func(...any), leaves the script out

// needs NAME... leaves the script out where a program is not on PATH, a module of
// Python (python:NAME) cannot be imported, or there is no PostgreSQL (postgresql).
func needs(ts *testscript.TestScript, neg bool, args []string) {
	for _, arg := range args {
		module, isModule := strings.CutPrefix(arg, "python:")
		program := []string{"which", arg}
		switch {
		case isModule:
			program = []string{"python3", "-c", "import " + module}
		case arg == "postgresql":
			program = []string{"sh", "-c", "exec " + ts.Getenv("PG") + "initdb --version"}
		}
		if ts.Exec(program[0], program[1:]...) != nil {
			ts.Value(skipKey{}).(func(...any))("no " + module)
		}
	}
}

// fetch PROGRAM ARG... runs a program that gets packages from their registry. Where
// that fails, or is not wanted, the script is left out.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	why := toolchain.Refusal()
	if why == "" && ts.Exec(args[0], args[1:]...) != nil {
		why = "it fails"
	}
	if why != "" {
		ts.Value(skipKey{}).(func(...any))(strings.Join(args, " ") + ": " + why)
	}
}
