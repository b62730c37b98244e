//go:build unix

package local

import (
	"os"
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
