package specs

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// temporary begins the name of a file that is not yet in place. A watcher
// ignores such names.
const temporary = ".muster-tmp-"

type hash = [sha256.Size]byte

// Own remembers what was written or removed by this process, so that a
// watcher tells its own writes from others'. The zero value is ready to use.
type Own struct {
	mu    sync.Mutex
	files map[string]hash // the zero hash: removed
}

func (o *Own) set(file string, h hash) {
	if o == nil {
		return
	}
	file = realPath(file)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.files == nil {
		o.files = map[string]hash{}
	}
	o.files[file] = h
}

// realPath is the path by which the kernel's events name a file.
func realPath(file string) string {
	if dir, err := filepath.EvalSymlinks(filepath.Dir(file)); err == nil {
		return filepath.Join(dir, filepath.Base(file))
	}
	return file
}

// adopt takes a file as it is now for this process's own.
func (o *Own) adopt(file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		o.set(file, hash{})
		return
	}
	o.set(file, sha256.Sum256(data))
}

// Made tells whether a file still is as this process left it.
func (o *Own) Made(file string) bool {
	if o == nil {
		return false
	}
	o.mu.Lock()
	h, ok := o.files[file]
	o.mu.Unlock()
	if !ok {
		return false
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist) && h == hash{}
	}
	return h == sha256.Sum256(data)
}

// put writes a file if its content differs, by way of a temporary file beside
// it, and tells whether it did.
func (o *Own) put(file string, data []byte) (bool, error) {
	old, err := os.ReadFile(file)
	if err == nil && bytes.Equal(old, data) {
		return false, nil
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, err
	}
	f, err := os.CreateTemp(dir, temporary+"*")
	if err != nil {
		return false, err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		o.set(file, sha256.Sum256(data)) // first: the event may come before the rename returns
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		os.Remove(f.Name())
		return false, fmt.Errorf("writing %s: %w", file, err)
	}
	return true, nil
}

// remove deletes a file, and its folder when that is then empty.
func (o *Own) remove(file string) error {
	o.set(file, hash{})
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	os.Remove(filepath.Dir(file)) // fails while something is in it
	return nil
}

// change is one file that a generator wants to be different. A nil New
// removes it.
type change struct {
	File     string
	Old, New []byte
}

// folder is a generated folder: every file in it, by its path within.
type folder struct {
	dir   string
	files map[string][]byte

	one  string // instead of a folder, this file alone
	data []byte
}

// changes compares a folder with the disk. Files that nobody generated stay.
func (f folder) changes() ([]change, error) {
	var all []change
	if f.one != "" {
		old, err := os.ReadFile(f.one)
		if err == nil && bytes.Equal(old, f.data) || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return []change{{f.one, old, f.data}}, nil
	}
	for _, name := range keys(f.files) {
		file := filepath.Join(f.dir, filepath.FromSlash(name))
		old, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err != nil || !bytes.Equal(old, f.files[name]) {
			all = append(all, change{file, old, f.files[name]})
		}
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

// isGenerated tells whether a file came from a generator, and so may be
// removed: by its name, or by what its first line says.
func isGenerated(name string, data []byte) bool {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	return strings.Contains(filepath.Base(name), ".gen.") ||
		bytes.HasPrefix(first, []byte("// This file is auto-generated")) ||
		bytes.HasPrefix(first, []byte(strings.TrimSpace(tsHeader))) ||
		bytes.HasPrefix(first, []byte(pyHeader))
}

const pyHeader = "# Generated from the API's specification."

func (o *Own) apply(all []change) ([]string, error) {
	var files []string
	for _, c := range all {
		if c.New == nil {
			if err := o.remove(c.File); err != nil {
				return files, err
			}
			files = append(files, c.File)
			continue
		}
		wrote, err := o.put(c.File, c.New)
		if err != nil {
			return files, err
		}
		if wrote {
			files = append(files, c.File)
		}
	}
	return files, nil
}
