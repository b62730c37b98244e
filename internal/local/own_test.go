//go:build unix

package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFoldersAreClosedWhoeverMadeThem(t *testing.T) {
	t.Parallel()
	d := Of(t.TempDir())
	if err := os.MkdirAll(d.Logs(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := d.Make(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{d.Run(), d.Pids(), d.Logs(), d.Tmp()} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", dir, info.Mode(), err)
		}
	}
}

func TestALockHasOneHolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	f, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := Lock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("a second holder: %v, %v", other, err)
	}
	f.Close()
	if f, err = Lock(path); err != nil {
		t.Fatalf("its holder has ended: %v", err)
	}
	f.Close()
}
