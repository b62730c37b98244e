package console

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"muster/internal/hint"
	"muster/internal/proc"
)

// Open has a browser show a page. Whatever is in it reaches no shell.
func Open(url string) error {
	programs := []string{"xdg-open", "wslview", "open"}
	if runtime.GOOS == "darwin" {
		programs = []string{"open"}
	}
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return fmt.Errorf("%q is no page", url)
	}
	if os.Getenv("WSL_DISTRO_NAME") != "" {
		programs = []string{"wslview", "xdg-open"}
	}
	for _, name := range programs {
		program, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		cmd := exec.Command(program, url)
		cmd.SysProcAttr = proc.OwnSession() // Ctrl-C is not meant for it
		if err := cmd.Start(); err != nil {
			return err
		}
		go cmd.Wait() // it may last as long as the browser
		return nil
	}
	return hint.With(fmt.Errorf("no %s is installed to open %s", strings.Join(programs, ", "), url), "open the link yourself")
}
