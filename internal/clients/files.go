package clients

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/apidoc"
	"muster/internal/watch"
)

// change is one file that a generator wants to be different. A nil New
// removes it.
type change struct {
	File     string
	Old, New []byte
}

// folder is a generated folder: every file in it, by its path within.
type folder struct {
	dir    string
	files  map[string][]byte
	shared bool // with other outputs, whose files stay

	from    apidoc.Document // that the files were made from, and what of it they leave out
	kind    string          // of clients, as a person names it: Python
	omitted []apidoc.Omission
}

// changes compares a folder with the disk. Files that nobody generated stay.
func (f folder) changes() ([]change, error) {
	var all []change
	for _, name := range slices.Sorted(maps.Keys(f.files)) {
		file := filepath.Join(f.dir, filepath.FromSlash(name))
		old, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err != nil || !sameText(old, f.files[name]) {
			all = append(all, change{file, old, f.files[name]})
		}
	}
	if f.shared {
		return all, nil
	}
	err := filepath.WalkDir(f.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		rel, _ := filepath.Rel(f.dir, path)
		if _, ours := f.files[filepath.ToSlash(rel)]; ours || !e.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err == nil && isGenerated(path, data) {
			all = append(all, change{path, data, nil})
		}
		return nil
	})
	return all, err
}

// sameText compares without the way lines end: git may write them as the
// system does.
func sameText(a, b []byte) bool {
	lf := func(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }
	return bytes.Equal(a, b) || bytes.Equal(lf(a), lf(b))
}

// isGenerated tells whether a file came from a generator, and so may be
// removed: by its name, or by what its first line says.
func isGenerated(name string, data []byte) bool {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	return strings.Contains(filepath.Base(name), ".gen.") ||
		bytes.HasPrefix(first, []byte("// This file is auto-generated")) ||
		bytes.HasPrefix(first, []byte(strings.TrimSpace(tsHeader))) ||
		bytes.HasPrefix(first, []byte(pyHeader))
}

// What the first line of a file begins with that was made here.
const (
	pyHeader = "# Generated from the API's specification."
	tsHeader = "// Generated from the API's specification. Do not edit: changes are overwritten.\n"
)

// apply makes the changes, and lists the files that differ since.
func apply(own *watch.Own, all []change) ([]string, error) {
	var files []string
	for _, c := range all {
		if c.New == nil {
			if err := own.Remove(c.File); err != nil {
				return files, err
			}
			files = append(files, c.File)
			continue
		}
		wrote, err := own.Write(c.File, c.New)
		if err != nil {
			return files, err
		}
		if wrote {
			files = append(files, c.File)
		}
	}
	return files, nil
}
