package supervise

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"muster/internal/proc"
)

// marked lists the living processes of the project but its supervisor: what
// carries its mark, and what the supervisor itself might not know for its own,
// but runs in the project's folder or names it.
func (pr *project) marked() []proc.Identity {
	folder := pr.local.Project()
	inside := func(path string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }
	var found []proc.Identity
	for _, pid := range allPIDs() {
		folder := fmt.Sprintf("/proc/%d/", pid)
		dir, _ := os.Readlink(folder + "cwd")
		line, _ := os.ReadFile(folder + "cmdline")
		ours := proc.Marked(pid, pr.local) || inside(strings.TrimSuffix(dir, " (deleted)")) || strings.Contains(string(line), string(pr.local)+"/")
		if id, err := proc.Identify(pid); ours && err == nil && pid != os.Getpid() && !strings.HasPrefix(string(line), residentName+"\x00") {
			found = append(found, id)
		}
	}
	return found
}

// allPIDs lists the processes of the machine.
func allPIDs() []int {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	pids := make([]int, len(dirs))
	for i, dir := range dirs {
		pids[i], _ = strconv.Atoi(filepath.Base(dir))
	}
	return pids
}

// parent is the parent of a process, or 0 (proc_pid_status(5)).
func parent(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "\nPPid:")
	var ppid int
	fmt.Sscan(rest, &ppid)
	return ppid
}
