package supervise

import (
	"fmt"
	"os"
	"strings"
)

// marked lists the living processes of the project but its supervisor: what
// carries its mark, and what the supervisor itself might not know for its own,
// but runs in the project's folder or names it.
func (pr *project) marked() []Identity {
	folder := pr.local.Project()
	inside := func(path string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }
	var found []Identity
	for _, pid := range allPIDs() {
		proc := fmt.Sprintf("/proc/%d/", pid)
		dir, _ := os.Readlink(proc + "cwd")
		line, _ := os.ReadFile(proc + "cmdline")
		ours := marked(pid, pr.local) || inside(strings.TrimSuffix(dir, " (deleted)")) || strings.Contains(string(line), string(pr.local)+"/")
		if id, err := identify(pid); ours && err == nil && pid != os.Getpid() && !strings.HasPrefix(string(line), residentName+"\x00") {
			found = append(found, id)
		}
	}
	return found
}
