package supervise

// marked lists the living processes of the project but its supervisor.
func (pr *project) marked() []Identity { return orphans(pr.local, nil) }
