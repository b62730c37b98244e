package project

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// goTest runs `go test` with these arguments. It shows what `go test` shows,
// and returns the tests that were left out, each with its reason.
func goTest(ctx context.Context, dir string, env []string, args ...string) (leftOut []string, err error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, env, os.Stderr
	err = step("go test "+strings.Join(args, " "), func() error {
		out, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		leftOut, err = readTests(out, os.Stdout)
		return errors.Join(err, cmd.Wait())
	})
	return leftOut, err
}

// testEvent is a line of `go test -json` (go doc test2json).
type testEvent struct {
	Action, Package, Test, Output string
}

// readTests shows the packages' results and whatever failing tests said, and
// collects the tests that were skipped.
func readTests(from io.Reader, to io.Writer) (leftOut []string, err error) {
	outputs := map[[2]string]*strings.Builder{}
	for events := json.NewDecoder(from); ; {
		var e testEvent
		switch err := events.Decode(&e); {
		case errors.Is(err, io.EOF):
			return leftOut, nil
		case err != nil:
			return leftOut, fmt.Errorf("read the output of go test: %w", err)
		}
		test := [2]string{e.Package, e.Test}
		switch {
		case e.Output != "" && e.Test == "":
			if e.Output != "PASS\n" {
				io.WriteString(to, e.Output)
			}
		case e.Output != "":
			if outputs[test] == nil {
				outputs[test] = &strings.Builder{}
			}
			outputs[test].WriteString(e.Output)
		case e.Test == "" || outputs[test] == nil:
		case e.Action == "fail":
			io.WriteString(to, outputs[test].String())
			delete(outputs, test)
		case e.Action == "skip":
			leftOut = append(leftOut, e.Test+" of "+e.Package+": "+skipReason(outputs[test].String()))
			delete(outputs, test)
		case e.Action == "pass":
			delete(outputs, test)
		}
	}
}

// skipReason takes what a skipped test said last out of the lines around it:
// "=== RUN", "    file_test.go:12: the reason", "--- SKIP".
func skipReason(output string) string {
	reason := "skipped"
	for line := range strings.Lines(output) {
		if m := said().FindStringSubmatch(line); m != nil && m[1] != "testscript.go" { // which shows the script
			reason = m[2]
		}
	}
	return reason
}

var said = pattern(`^\s+(\w+\.go):\d+: (.+)`)
