package console

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"

	"muster/internal/hint"
)

// Open shows a URL in the browser of whoever is at the terminal.
func Open(ctx context.Context, url string) error {
	programs := []string{"xdg-open", "wslview"} // the latter in WSL
	if runtime.GOOS == "darwin" {
		programs = []string{"open"}
	}
	err := error(exec.ErrNotFound)
	for _, program := range programs {
		if err = exec.CommandContext(ctx, program, url).Run(); err == nil {
			return nil
		}
	}
	return hint.With(fmt.Errorf("no browser could be opened: %w", err), "open the link yourself")
}
