//go:build !linux

package targets_test

import (
	"os/exec"
	"strconv"
	"strings"
)

// processesOf lists the living processes that name a project's folder on their
// command line.
func processesOf(root string) []leftProcess {
	out, _ := exec.Command("ps", "-axo", "pid=,stat=,args=").Output()
	var found []leftProcess
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 3 || strings.HasPrefix(f[1], "Z") || !strings.Contains(line, root+"/") {
			continue
		}
		if pid, err := strconv.Atoi(f[0]); err == nil {
			found = append(found, leftProcess{pid, strings.Join(f[2:], " ")})
		}
	}
	return found
}

func lives(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}
