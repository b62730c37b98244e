package supervise

import "muster/internal/proc"

// marked lists the living processes of the project but its supervisor.
func (pr *project) marked() []proc.Identity { return proc.Orphans(pr.local, nil) }
