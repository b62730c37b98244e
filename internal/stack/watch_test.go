package stack

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestEverySaveOfTheConfigurationIsApplied saves while one save is being applied,
// and again without a change after that has failed.
func TestEverySaveOfTheConfigurationIsApplied(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "dev-config.yaml")
	save := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save("first")
	opened, goOn := make(chan string), make(chan struct{})
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Watch(ctx, file, func() (*Stack, error) {
			text, _ := os.ReadFile(file)
			select {
			case opened <- string(text):
				<-goOn
			case <-ctx.Done():
			}
			return nil, errors.New("it has mistakes")
		}, &heard{})
	}()
	expect := func(want string) {
		t.Helper()
		select {
		case text := <-opened:
			if text != want {
				t.Errorf("applied %q, not %q", text, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%q was not applied", want)
		}
	}
	expect("first")
	save("second") // while the first is applied
	goOn <- struct{}{}
	expect("second")
	goOn <- struct{}{}
	save("second") // to try again
	expect("second")
	end()
	close(goOn)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
