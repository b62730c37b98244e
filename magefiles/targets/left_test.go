package targets_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
)

// nothingLeft reports processes, pid files, sockets and ports that projects
// still hold.
func nothingLeft(roots []string, ports []int) error {
	var errs []error
	for _, root := range roots {
		for _, p := range processesOf(root) {
			errs = append(errs, fmt.Errorf("still runs: %s", p))
		}
		for _, pattern := range []string{"pids/*", "run/*.sock", "run/state.json"} {
			files, err := filepath.Glob(filepath.Join(root, pattern))
			if err != nil {
				return err
			}
			for _, f := range files {
				errs = append(errs, fmt.Errorf("still there: %s", f))
			}
		}
	}
	for _, p := range ports {
		if !portFree(p) {
			errs = append(errs, fmt.Errorf("port %d is still held", p))
		}
	}
	return errors.Join(errs...)
}

// killLeft ends what a failed script left behind.
func killLeft(roots []string) {
	for _, root := range roots {
		for _, p := range processesOf(root) {
			syscall.Kill(p.pid, syscall.SIGKILL)
		}
	}
}

type leftProcess struct {
	pid  int
	args string
}

func (p leftProcess) String() string { return fmt.Sprintf("%s (pid %d)", p.args, p.pid) }
