package watch

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"muster/internal/local"
)

type hash = [sha256.Size]byte

// Own remembers what was written or removed by this process, so that a
// watcher tells its own writes from others'. The zero value is ready to use, and
// nil remembers nothing.
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

// take counts a file, as it is now, among this process's own.
func (o *Own) take(file string) {
	h := hash{}
	if data, err := os.ReadFile(file); err == nil {
		h = sha256.Sum256(data)
	}
	o.set(file, h)
}

// has tells whether a file still is as this process left it.
func (o *Own) has(file string) bool {
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

// Write writes a file if its content differs, and tells whether it did.
func (o *Own) Write(file string, data []byte) (bool, error) {
	old, err := os.ReadFile(file)
	if err == nil && bytes.Equal(old, data) {
		return false, nil
	}
	err = local.WriteThen(file, data, 0o644, func() { o.set(file, sha256.Sum256(data)) })
	return err == nil, err
}

// Remove deletes a file, and its folder when that is then empty.
func (o *Own) Remove(file string) error {
	o.set(file, hash{})
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	os.Remove(filepath.Dir(file)) // fails while something is in it
	return nil
}
