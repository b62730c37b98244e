package project

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"muster/internal/console"
	"muster/internal/stack"
)

// mutationList holds a change for each of the lines that matter most.
var mutationList = filepath.Join("magefiles", "project", "testdata", "mutations.txt")

// Mutations breaks lines that matter, one after the other, and proves that a test
// notices each. Sources stay as they are: the compiler is given others in their place.
//
// It needs root on Linux, and takes some ten minutes. -only=N is the Nth alone, as they are printed.
func (Check) Mutations(ctx context.Context, only *int) error {
	return console.Exit(func() error {
		cfg, err := example()
		if err != nil {
			return err
		}
		list, err := readMutations(cfg.Dir)
		if err != nil {
			return err
		}
		first := 1
		if only != nil {
			if first = *only; first < 1 || first > len(list) {
				return stack.UsageError(fmt.Sprintf("-only=%d: there are the mutations 1 to %d", first, len(list)))
			}
			list = list[first-1 : first]
		}
		if err := holdUnchanged(ctx, cfg.Dir, list); err != nil {
			return err
		}
		survived := 0
		for i, m := range list {
			what := fmt.Sprintf("%d. %s", first+i, m.what)
			began := time.Now()
			by, err := m.caughtBy(ctx, cfg.Dir)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				survived++
				stderr.Warn("%s: %v", what, err)
			default:
				stderr.Done("%s: caught by %s in %s", what, by, time.Since(began))
			}
		}
		if survived > 0 {
			return fmt.Errorf("%d of %d mutations were not caught", survived, len(list))
		}
		return nil
	}())
}

// mutation is a change of one line, and the tests of which one has to fail for it.
type mutation struct {
	what     string // the promise that it breaks
	file     string // slashed, relative to the repository
	old, new string
	pkg, run string // as `go test` takes them
}

// readMutations reads the list, which tells its form itself.
func readMutations(dir string) (list []mutation, err error) {
	text, err := os.ReadFile(filepath.Join(dir, mutationList))
	if err != nil {
		return nil, err
	}
	for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		if strings.HasPrefix(block, "#") {
			continue
		}
		lines := strings.Split(block, "\n")
		if len(lines) != 5 || !strings.HasPrefix(lines[2], "- ") || !strings.HasPrefix(lines[3], "+ ") {
			return nil, fmt.Errorf("%s: a mutation has five lines, as the head of the file tells:\n%s", mutationList, block)
		}
		pkg, run, _ := strings.Cut(lines[4], " ")
		list = append(list, mutation{what: lines[0], file: lines[1], old: lines[2][2:], new: lines[3][2:], pkg: pkg, run: run})
	}
	return list, nil
}

// apply is the changed file's text.
func (m mutation) apply(dir string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(m.file)))
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return nil, fmt.Errorf("%s has %q %d times, and not once: bring %s in line with it", m.file, m.old, n, mutationList)
	}
	return []byte(strings.Replace(string(text), m.old, m.new, 1)), nil
}

// mutationTime is how long the tests of a mutation may take: one that hangs for it
// has caught it as well.
const mutationTime = "-timeout=2m"

// holdUnchanged fails if a test of the list fails, or is left out, by itself.
func holdUnchanged(ctx context.Context, dir string, list []mutation) error {
	var runs, pkgs []string
	for _, m := range list {
		runs, pkgs = append(runs, m.pattern()), append(pkgs, m.pkg)
	}
	slices.Sort(pkgs)
	leftOut, err := goTest(ctx, dir, os.Environ(), append([]string{mutationTime, "-run=" + strings.Join(runs, "|")}, slices.Compact(pkgs)...)...)
	for _, test := range leftOut {
		err = errors.Join(err, errors.New("left out: "+test))
	}
	return err
}

// pattern is run for whole names.
func (m mutation) pattern() string {
	return "^" + strings.ReplaceAll(m.run, "/", "$/^") + "$"
}

// caughtBy is the test that fails with the change. The error says that none does.
func (m mutation) caughtBy(ctx context.Context, dir string) (test string, err error) {
	text, err := m.apply(dir)
	if err != nil {
		return "", err
	}
	scratch, err := os.MkdirTemp("", "muster-mutation-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	changed, overlay := filepath.Join(scratch, filepath.Base(m.file)), filepath.Join(scratch, "overlay.json")
	places, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(dir, filepath.FromSlash(m.file)): changed}})
	if err != nil {
		return "", err
	}
	for file, data := range map[string][]byte{changed: text, overlay: places} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", mutationTime, "-run="+m.pattern(), m.pkg)
	// By the environment the binary that a test builds is a changed one too.
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	out, err := cmd.CombinedOutput()
	failed, said := readFailure(out)
	switch {
	case failed != "":
		return failed, nil
	case err != nil:
		return "", fmt.Errorf("no test ran: %w\n%s", err, said)
	}
	return "", fmt.Errorf("survived %s of %s (%s)", m.run, m.pkg, m.file)
}

// readFailure takes the first test that failed out of the output of `go test -json`:
// the innermost ends first. One that hangs or panics ends with the program alone. What
// belongs to no test is said.
func readFailure(out []byte) (test, said string) {
	for line := range bytes.Lines(out) {
		var e testEvent
		if json.Unmarshal(line, &e) != nil {
			e.Output = string(line)
		}
		if e.Test != "" && (e.Action == "fail" || strings.HasPrefix(e.Output, "panic: ")) {
			return e.Test, ""
		}
		if e.Test == "" {
			said += e.Output
		}
	}
	return "", said
}
