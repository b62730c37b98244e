//go:build unix

package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWhatIsReadHasABound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.WriteFile(at("small"), []byte("text"), 0o600),
		os.WriteFile(at("huge"), nil, 0o600), os.Truncate(at("huge"), 20<<30),
		os.Mkdir(at("folder"), 0o700),
		syscall.Mkfifo(at("fifo"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if data, err := Read(at("small"), 4); err != nil || string(data) != "text" {
		t.Errorf("%q, %v", data, err)
	}
	for name, want := range map[string]string{"huge": "larger than 16 MB", "folder": "is a folder", "fifo": "no regular file"} {
		if _, err := Read(at(name), MaxState); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(at("none"), MaxState); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
