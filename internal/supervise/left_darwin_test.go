package supervise

import "muster/internal/proc"

// marked lists the living processes of the project but its supervisor.
func (pr *project) marked() []proc.Identity {
	ours, _ := proc.Strays(pr.local, func() []proc.Member { return nil })
	return ours
}
