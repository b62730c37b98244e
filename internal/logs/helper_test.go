package logs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// helper is what the test binary does as a child of a test.
//
//	write PATH NAME LINES BYTES   prints numbered lines, BYTES at a time
//	unify DIR MAXSIZE NAME...     runs a unifier until it is killed
func helper(args []string) {
	var err error
	switch args[0] {
	case "write":
		err = writeNumbered(args[1], args[2], atoi(args[3]), atoi(args[4]))
	case "unify":
		err = unify(args[1], int64(atoi(args[2])), args[3:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func writeNumbered(path, name string, lines, size int) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	var b []byte
	line := fmt.Appendf(nil, "@%s:%08d:%s#\n", name, 0, strings.Repeat("x", 87-len(name)))
	digits := line[len(name)+2:][:8]
	for i := range lines {
		for k, n := 7, i; k >= 0; k, n = k-1, n/10 {
			digits[k] = byte('0' + n%10)
		}
		b = append(b, line...)
		if len(b) >= size || i == lines-1 {
			if _, err := f.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	return nil
}

func unify(dir string, maxSize int64, names []string) error {
	u := NewUnifier(Options{
		Unified:    filepath.Join(dir, "logs", "backend-unified.log"),
		Checkpoint: filepath.Join(dir, "run", "logs.pos"),
		MaxSize:    maxSize,
		MaxFiles:   1000,
		Report:     func(err error) { fmt.Fprintln(os.Stderr, "reported:", err) },
	})
	for _, n := range names {
		if err := u.Add(Source{Name: n, Path: filepath.Join(dir, "logs", n+".log")}); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // the end of the standard input is the wish to stop
		os.Stdin.Read(make([]byte, 1))
		cancel()
	}()
	return u.Run(ctx)
}

// child starts the test binary as a helper.
func child(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, append([]string{"helper"}, args...)...)
	cmd.Stderr = os.Stderr
	return cmd
}

// countNumbered checks that the files, oldest first, hold each of the lines of
// each writer once, in order and whole.
func countNumbered(t *testing.T, names []string, lines int, files ...string) {
	t.Helper()
	next := map[string]int{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for l := range bytes.Lines(b) {
			if len(bytes.TrimSpace(l)) == 0 {
				continue // the rest of a line at a cut
			}
			at := bytes.IndexByte(l, '@')
			if at < 0 || len(l)-at < 90 || !bytes.HasSuffix(l, []byte("x#\n")) || bytes.Count(l, []byte("@")) > 1 {
				t.Fatalf("%s: torn line %.300q", file, l)
			}
			name, rest, _ := strings.Cut(string(l[at+1:]), ":")
			n := atoi(rest[:8])
			if n != next[name] {
				t.Fatalf("%s: line %d of %s comes where %d should", file, n, name, next[name])
			}
			next[name]++
		}
	}
	for _, n := range names {
		if next[n] != lines {
			t.Errorf("%d lines of %s, want %d", next[n], n, lines)
		}
	}
}

// withRotated returns the rotated files of path, oldest first, and path.
func withRotated(path string) []string {
	files := []string{path}
	for i := 1; ; i++ {
		if _, err := os.Stat(Rotated(path, i)); err != nil {
			return files
		}
		files = append([]string{Rotated(path, i)}, files...)
	}
}
