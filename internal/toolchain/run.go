package toolchain

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// command is a program to run to its end.
type command struct {
	argv []string
	dir  string
	env  []string
	line func(string) // gets every line of the output as it comes; may be nil
}

// run runs a program with no input and returns what it printed on stdout. An
// error says how it ended, with the last line that it said. When ctx ends, the
// program and all that it started are asked to end, and killed after a while.
func run(ctx context.Context, c command) (stdout string, err error) {
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Env = c.dir, c.env
	var out, stderr ending
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if c.line != nil {
		split := &lines{each: c.line}
		cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, split), io.MultiWriter(&stderr, split)
	}
	ownGroup(cmd)
	cmd.WaitDelay = 5 * time.Second // from the signal to the kill: enough for dpkg to leave a sane state
	err = cmd.Run()
	killGroup(cmd)
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return "", errors.New("did not answer in time")
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", failure(err, cmp.Or(lastLine(stderr.String()), lastLine(out.String())))
	}
	return out.String(), nil
}

// failure words how a program ended.
func failure(err error, said string) error {
	var exit *exec.ExitError
	var path *os.PathError
	reason := err.Error()
	switch {
	case errors.As(err, &exit):
		reason = exit.String()
		if code := exit.ExitCode(); code >= 0 {
			reason = fmt.Sprintf("exit code %d", code)
		}
	case errors.As(err, &path):
		reason = path.Err.Error()
	}
	if said != "" {
		reason += ": " + said
	}
	return errors.New("failed with " + reason)
}

// ending keeps the last of what is written: enough for any answer that is read,
// and for the message of a failure.
type ending struct{ bytes.Buffer }

func (e *ending) Write(p []byte) (int, error) {
	const most = 256 << 10
	n := len(p)
	if len(p) > most {
		p = p[len(p)-most:]
	}
	e.Buffer.Write(p)
	if over := e.Len() - most; over > 0 {
		e.Next(over)
	}
	return n, nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	s = s[strings.LastIndexByte(s, '\n')+1:]
	const most = 200
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strings.TrimSpace(s)
}

// variable returns a variable of an environment; the last setting counts.
func variable(env []string, name string) string {
	value := ""
	for _, v := range env {
		if rest, ok := strings.CutPrefix(v, name+"="); ok {
			value = rest
		}
	}
	return value
}

// without drops variables from an environment.
func without(env []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(names, name)
	})
}

// lookPath finds a program on the PATH of an environment.
func lookPath(env []string, name string) string {
	for _, dir := range filepath.SplitList(variable(env, "PATH")) {
		if path := filepath.Join(dir, name); filepath.IsAbs(path) && executable(path) {
			return path
		}
	}
	return ""
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
