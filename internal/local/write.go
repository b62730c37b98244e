package local

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// temporary begins the name of a file that is being written.
const temporary = ".muster-tmp-"

// IsTemporary tells whether a path is that of a file that is being written.
func IsTemporary(path string) bool {
	return strings.HasPrefix(filepath.Base(path), temporary)
}

// TemporaryName is a path for a file that is soon to go. Temporary lists it if
// somebody is killed before.
func TemporaryName(dir string) string {
	return filepath.Join(dir, temporary+strconv.FormatUint(rand.Uint64(), 36))
}

// Temporary lists the files of a folder that are being written or, where nobody
// writes, that somebody was killed over.
func Temporary(dir string) []string { return list(dir, IsTemporary) }

// list is the files of a folder that ok holds of.
func list(dir string, ok func(name string) bool) []string {
	entries, _ := os.ReadDir(dir)
	var files []string
	for _, e := range entries {
		if ok(e.Name()) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files
}

// Write replaces a file as a whole, and makes its folder if need be, as closed as the file: nobody
// reads half of it, whoever is killed at whatever moment. It does not wait for
// the disk: a file that a crash of the machine takes along is made anew.
func Write(path string, data []byte, mode fs.FileMode) error {
	return WriteThen(path, data, mode, func() {})
}

// WriteThen is Write, and calls ready when all but the renaming is done: the
// events of the new file come after that.
func WriteThen(path string, data []byte, mode fs.FileMode, ready func()) error {
	folder := mode | mode&0o444>>2 // whoever may read it may come to it
	if err := os.MkdirAll(filepath.Dir(path), folder); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return replace(path, data, mode, ready)
}

// Replace is Write for a file whose folder has to be there: what somebody has
// removed as a whole stays removed.
func Replace(path string, data []byte, mode fs.FileMode) error {
	return replace(path, data, mode, func() {})
}

func replace(path string, data []byte, mode fs.FileMode, ready func()) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	f, err := os.CreateTemp(filepath.Dir(path), temporary+"*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if e := f.Chmod(mode); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		ready()
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
