package plan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"muster/internal/hint"
)

// LookPath finds a program as a shell in dir would, on the PATH of an environment
// (NAME=VALUE) or, where that has none, on our own. The error says what the
// system would not: that a file is there and cannot be run, and why.
func LookPath(name, dir string, env []string) (string, error) {
	where := name
	if strings.ContainsRune(name, filepath.Separator) && !filepath.IsAbs(name) {
		where = filepath.Join(dir, name)
	}
	path := os.Getenv("PATH")
	if p, said := variables(env)["PATH"]; said {
		path = p
	}
	exe, err := lookOn(path, where)
	if err != nil {
		err = notRunnable(where, name, dir, path, err)
		return "", &ProgramError{err, !errors.As(err, new(forbidden))}
	}
	if exe, err = filepath.Abs(exe); err != nil {
		return "", err
	}
	if err := checkScript(exe); err != nil {
		return exe, &ProgramError{err, false}
	}
	return exe, nil
}

// ProgramError is a program that cannot be run.
type ProgramError struct {
	Err     error
	Missing bool // it is not there
}

func (e *ProgramError) Error() string { return e.Err.Error() }

// Unwrap gives what is wrong with it.
func (e *ProgramError) Unwrap() error { return e.Err }

// forbidden is a program that is there.
type forbidden struct{ error }

// lookOn is exec.LookPath for another PATH.
func lookOn(path, name string) (exe string, err error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return exec.LookPath(name)
	}
	err = exec.ErrNotFound
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) { // as exec.LookPath, which refuses what depends on where we are
			continue
		}
		if exe, e := exec.LookPath(filepath.Join(folder, name)); e == nil {
			return exe, nil
		}
	}
	return "", err
}

// notRunnable says why no program was found.
func notRunnable(where, name, dir, path string, err error) error {
	if where == name && !filepath.IsAbs(name) {
		for _, folder := range filepath.SplitList(path) {
			if file := filepath.Join(folder, name); isFile(file) {
				return notExecutable(file)
			}
		}
		missing := fmt.Errorf("program %q not found", name)
		if file := filepath.Join(dir, name); isFile(file) {
			return hint.With(missing, fmt.Sprintf("it is not on PATH, but %s is there: write ./%s", file, name))
		}
		return missing
	}
	info, e := os.Stat(where)
	switch {
	case e == nil && info.IsDir():
		return fmt.Errorf("program %q is a folder", where)
	case e == nil:
		return notExecutable(where)
	case errors.Is(e, fs.ErrNotExist):
		if to, e := os.Readlink(where); e == nil {
			return fmt.Errorf("program %q is a link to %s, which is not there", where, to)
		}
		return fmt.Errorf("program %q not found", where)
	}
	return fmt.Errorf("program %q cannot be run: %w", where, err)
}

func notExecutable(file string) error {
	if info, err := os.Stat(file); err == nil && info.Mode()&0o111 != 0 {
		return forbidden{fmt.Errorf("program %q may not be run by you, or not on this file system", file)}
	}
	return hint.With(forbidden{fmt.Errorf("program %q is not executable", file)}, "chmod +x "+hint.Word(file))
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// checkScript looks at a script's first line. Where it names an interpreter that
// is not there, the system says of the script itself that it is not there.
func checkScript(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return nil // what may only be run cannot be looked into
	}
	defer f.Close()
	head, _ := io.ReadAll(io.LimitReader(f, 256)) // as much as Linux reads
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf#!")) {
		return hint.With(fmt.Errorf("program %q begins with a byte order mark, so that its #! is not seen", file), "save it as UTF-8 without one")
	}
	head, script := bytes.CutPrefix(head, []byte("#!"))
	line, _, whole := bytes.Cut(head, []byte("\n"))
	if !script || !whole {
		return nil
	}
	if bytes.HasSuffix(line, []byte("\r")) {
		return hint.With(fmt.Errorf("the first line of %s ends in CRLF, so that its interpreter is not found", file),
			"save it with LF line ends: sed -i.orig 's/\\r$//' "+hint.Word(file))
	}
	words := strings.Fields(string(line))
	if len(words) > 0 && filepath.IsAbs(words[0]) {
		if _, err := exec.LookPath(words[0]); err != nil {
			return fmt.Errorf("the first line of %s names the interpreter %s, which is not there or not executable", file, words[0])
		}
	}
	return nil
}
