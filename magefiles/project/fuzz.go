package project

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"muster/internal/console"
)

// Fuzz tries every parser, and whatever reads a file back, with inputs that grow out of
// those of its tests.
//
// -time=1m is how long each fuzzer has; as many run at once as there are processors.
// -only=REGEXP chooses some by PACKAGE.NAME, such as config.FuzzParse. An input that is
// found lies in testdata/fuzz of its package, where the tests try it from then on, and
// is shown.
func (Check) Fuzz(ctx context.Context, time *time.Duration, only *string) error {
	return console.Exit(func() error {
		cfg, err := example()
		if err != nil {
			return err
		}
		chosen, err := regexp.Compile(console.Or(only, ""))
		if err != nil {
			return err
		}
		all, err := fuzzers(ctx, cfg.Dir, chosen)
		if err != nil {
			return err
		}
		return fuzz(ctx, all, console.Or(time, fuzzTime))
	}())
}

const fuzzTime = time.Minute

// fuzzed is a package that has fuzzers.
type fuzzed struct {
	Dir, ImportPath           string
	TestGoFiles, XTestGoFiles []string

	names []string
}

var fuzzer = pattern(`(?m)^func (Fuzz\w*)\(\w+ \*testing\.F\)`)

// fuzzers are those of the module, the packages with the most first: whoever comes last
// is waited for.
func fuzzers(ctx context.Context, root string, only *regexp.Regexp) ([]fuzzed, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-json=Dir,ImportPath,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []fuzzed
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var p fuzzed
		if err := in.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read the output of go list: %w", err)
		}
		for _, file := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			source, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				return nil, err
			}
			for _, m := range fuzzer().FindAllSubmatch(source, -1) {
				if name := string(m[1]); only.MatchString(p.name(name)) {
					p.names = append(p.names, name)
				}
			}
		}
		if p.names != nil {
			all = append(all, p)
		}
	}
	if all == nil {
		return nil, fmt.Errorf("no fuzzer is called so")
	}
	slices.SortStableFunc(all, func(a, b fuzzed) int { return cmp.Compare(len(b.names), len(a.names)) })
	return all, nil
}

// name is what a fuzzer is called.
func (p fuzzed) name(fuzzer string) string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "muster/"), "internal/") + "." + fuzzer
}

// fuzz runs fuzzers of as many packages at once as there are processors. What they learn
// and leave lies in a folder that is removed at the end.
func fuzz(ctx context.Context, all []fuzzed, each time.Duration) error {
	work, err := os.MkdirTemp("", "muster-fuzz-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	n := 0
	todo := make(chan fuzzed, len(all))
	for _, p := range all {
		n += len(p.names)
		todo <- p
	}
	close(todo)
	return step(fmt.Sprintf("%d fuzzers of %d packages, %s each, %d at once", n, len(all), each, runtime.NumCPU()), func() error {
		var mu sync.Mutex
		var failed []error
		var done sync.WaitGroup
		for range runtime.NumCPU() {
			done.Go(func() {
				for p := range todo {
					err := p.fuzz(ctx, work, each)
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
			})
		}
		done.Wait()
		return errors.Join(failed...)
	})
}

// fuzz runs the fuzzers of a package one after the other. A finding keeps none of them
// from its turn.
func (p fuzzed) fuzz(ctx context.Context, work string, each time.Duration) error {
	binary := filepath.Join(work, strings.ReplaceAll(p.name("test"), "/", "-"))
	defer os.Remove(binary)
	if err := p.build(ctx, binary); err != nil {
		return err
	}
	var failed []error
	for _, name := range p.names {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failed = append(failed, p.run(ctx, binary, work, name, each))
	}
	return errors.Join(failed...)
}

// build compiles the tests. Of what they are made of, only our own code and what it
// parses with shows a fuzzer the way: `go test -fuzz` compiles all of the standard library
// once more for that, which takes longer than the fuzzing.
func (p fuzzed) build(ctx context.Context, binary string) error {
	args := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-o", binary}
	for _, of := range []string{"muster/...", "gopkg.in/yaml.v3"} {
		args = append(args, "-gcflags="+of+"=-d=libfuzzer")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, p.ImportPath)...)
	cmd.Dir = p.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go test -c %s: %w\n%s", p.ImportPath, err, out)
	}
	return nil
}

// run runs a fuzzer, and tells of what it has found.
func (p fuzzed) run(ctx context.Context, binary, work, name string, each time.Duration) error {
	tmp, err := os.MkdirTemp(work, "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	cmd := exec.CommandContext(ctx, binary, "-test.run=^$", "-test.fuzz=^"+name+"$", "-test.fuzztime="+each.String(),
		"-test.fuzzminimizetime="+minimizing, "-test.parallel=1", "-test.fuzzcachedir="+filepath.Join(work, "cache", p.name(name)))
	cmd.Dir, cmd.Env = p.Dir, append(os.Environ(), "TMPDIR="+tmp)
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(os.Interrupt) }, 10*time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// One whose time ends at the wrong moment says that it has failed, and has found nothing.
	if err != nil && !timedOut().Match(out) {
		return fmt.Errorf("%s: %w\n%s%s", p.name(name), err, out, p.found(out))
	}
	stderr.Done("%s: %s", p.name(name), inputs(out))
	return nil
}

// minimizing is how often a fuzzer tries to make an input smaller, whether it fails or only
// leads somewhere new: by itself it would take a minute for each of these.
const minimizing = "100x"

var (
	failing  = pattern(`Failing input written to (testdata/fuzz/\S+)`)
	timedOut = pattern(`(?m)^--- FAIL: Fuzz\w+ \([\d.]+s\)\n    context deadline exceeded\nFAIL\n`)
	tried    = pattern(`execs: (\d+)`)
)

// found is the input that a fuzzer has written down: on a machine that is thrown away it
// is nowhere else.
func (p fuzzed) found(out []byte) string {
	m := failing().FindSubmatch(out)
	if m == nil {
		return ""
	}
	file := filepath.Join(p.Dir, string(m[1]))
	input, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	const most = 8 << 10
	if len(input) > most {
		return fmt.Sprintf("%s has %d bytes", file, len(input))
	}
	return file + " is\n" + string(input)
}

// inputs tells how many inputs a fuzzer has tried.
func inputs(out []byte) string {
	all := tried().FindAllSubmatch(out, -1)
	if all == nil {
		return "those of the tests"
	}
	return string(all[len(all)-1][1]) + " inputs"
}
