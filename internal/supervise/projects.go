package supervise

import (
	"maps"
	"slices"

	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// Project is what runs for one folder, as `dev:projects -json` prints it.
type Project struct {
	Folder     string `json:"folder"`
	URL        string `json:"url"`        // where it is reached; "": nowhere that is known
	Processes  int    `json:"processes"`  // that live
	Healthy    int    `json:"healthy"`    // of them, as the supervisor has last seen them; 0 without one
	Supervisor int    `json:"supervisor"` // its pid; 0: none lives
}

// Projects are those of which something lives on this machine that this user has
// started, in the order of their folders. The processes themselves tell of them.
func Projects() ([]Project, error) {
	found, err := proc.Projects()
	if err != nil {
		return nil, err
	}
	all := []Project{}
	for _, dir := range slices.Sorted(maps.Keys(found)) {
		p := Project{Folder: dir.Project(), Supervisor: found[dir]}
		p.read(dir)
		if p.Supervisor != 0 || p.Processes != 0 { // what only has the mark is not run by us
			all = append(all, p)
		}
	}
	return all, nil
}

// read adds what the project's state tells, as far as it is so.
func (p *Project) read(dir local.Dir) {
	st, err := loadState(dir)
	if err != nil {
		return
	}
	rank := 0
	for _, sp := range st.Processes {
		if !sp.ID.Alive() {
			continue
		}
		p.Processes++
		if p.Supervisor != 0 && sp.State == Healthy {
			p.Healthy++
		}
		if r := reached(sp.Process); r > rank {
			rank, p.URL = r, sp.Process.URL
		}
	}
}

// reached tells how much a process is the one at which a project is reached.
func reached(p plan.Process) int {
	switch {
	case p.URL == "":
		return 0
	case p.Kind == plan.Gateway:
		return 3
	case p.Kind == plan.Frontend:
		return 2
	}
	return 1
}
