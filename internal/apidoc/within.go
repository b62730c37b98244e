package apidoc

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"muster/internal/hint"
)

// locate is the file, by its path below the folder, and the pointer within it.
func locate(ref, file string) (other, fragment string, err error) {
	to, fragment, _ := strings.Cut(ref, "#")
	if strings.Contains(to, "://") {
		return "", "", fmt.Errorf("the reference %q leads to another host: copy that document beside this one", shorten(ref))
	}
	if to == "" {
		return file, fragment, nil
	}
	if unescaped, err := url.PathUnescape(to); err == nil {
		to = unescaped
	}
	return path.Join(path.Dir(file), to), fragment, nil
}

// load reads another file of the folder.
func (b *bundler) load(file string) (map[string]any, error) {
	if root, ok := b.files[file]; ok {
		return root, nil
	}
	data, err := readWithin(b.folder, file)
	if err != nil {
		return nil, err
	}
	root, err := parseTree(data, b.bounds)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(b.folder, file), err)
	}
	b.files[file] = root
	return root, nil
}

// readWithin reads a file that a document names. Neither a .. nor a symbolic link
// leads out of the folder, and what is no regular file is not opened: a pipe would
// wait for ever, and a device has no end.
func readWithin(folder, file string) ([]byte, error) {
	whole := filepath.Join(folder, file)
	out := func(err error) error {
		return hint.With(fmt.Errorf("%s cannot be read from %s: %w", whole, folder, err), "keep what documents refer to below "+folder)
	}
	if !filepath.IsLocal(file) {
		return nil, out(errors.New("it lies outside"))
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	st, err := root.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s", whole)
	}
	if err != nil {
		return nil, out(errors.Unwrap(err))
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", whole)
	}
	f, err := root.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st, err = f.Stat(); err != nil || !st.Mode().IsRegular() { // another one by now
		return nil, fmt.Errorf("%s is no regular file", whole)
	}
	return readBounded(f)
}
