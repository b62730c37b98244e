package local

import (
	"fmt"
	"io/fs"
	"os"
)

// LinkError is a symbolic link where muster was to write. It writes through none below
// .local: a checkout may have brought it along, and what it leads to is not ours.
type LinkError struct{ Path string }

func (e *LinkError) Error() string {
	return fmt.Sprintf("%s is a symbolic link, through which nothing is written", e.Path)
}

// Hint tells what to do about it.
func (e *LinkError) Hint() string { return "remove it, or move what it leads to here" }

// Open opens a file of .local for writing, which only its user may read if it is
// made. The error is a *LinkError where a link stands in its place.
func Open(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|noFollow, 0o600)
	if err != nil && isLink(path) {
		return nil, &LinkError{path}
	}
	return f, err
}

// Empty cuts a file of .local to no length.
func Empty(path string) error {
	f, err := Open(path, os.O_WRONLY|os.O_TRUNC)
	if err != nil {
		return err
	}
	return f.Close()
}

// NoLinks fails with a *LinkError if one of the paths is a symbolic link: for what
// other programs will open.
func NoLinks(paths ...string) error {
	for _, path := range paths {
		if isLink(path) {
			return &LinkError{path}
		}
	}
	return nil
}

// Make makes the folders that everything running needs. They are closed to
// others, whoever made them before: logs hold what servers print, the state
// holds their environment. The folder .local itself may be a link, but none of those in
// it: the error is a *LinkError.
func (d Dir) Make() error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	if err := NoLinks(d.at("bin"), d.at("lib"), d.NginxLibs(), d.TLS(), d.Toolchain(), d.Venv(), d.Pycache()); err != nil {
		return err
	}
	for _, dir := range []string{d.Run(), d.Pids(), d.Logs(), d.Tmp()} {
		if err := NoLinks(dir); err != nil {
			return err
		}
		if err := Mkdir(dir); err != nil {
			return err
		}
		if err := closeToOthers(dir); err != nil {
			return err
		}
	}
	return nil
}

// closeToOthers makes a folder its user's alone.
func closeToOthers(dir string) error {
	f, err := os.OpenFile(dir, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Chmod(0o700)
}

func isLink(path string) bool {
	st, err := os.Lstat(path)
	return err == nil && st.Mode()&fs.ModeSymlink != 0
}
