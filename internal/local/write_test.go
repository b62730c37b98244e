package local

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestReplaceDoesNotMakeAFolderAnew(t *testing.T) {
	d := Of(t.TempDir())
	if err := Replace(d.State(), nil, 0o600); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := d.Make(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"long before", "new"} {
		if err := Replace(d.State(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(d.State()); string(b) != text {
			t.Errorf("%q, want %q", b, text)
		}
	}
	if left := Temporary(d.Run()); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestPidFilesAreFoundInAFolderOfAnyName(t *testing.T) {
	d := Of(filepath.Join(t.TempDir(), "a [b] *"))
	if err := d.Make(); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(d.Pids(), temporary+"1")
	want := []string{half, d.Pid("core-0")}
	for _, file := range append(want, filepath.Join(d.Pids(), "note")) {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.PidFiles(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
