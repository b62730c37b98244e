package plan

import "muster/internal/config"

// stopRanks puts every server before those that it depends on. All others count
// as depending on core, but for those that core itself needs. Rank 0 is left to
// the gateway and the frontend.
func stopRanks(servers []config.Server) map[string]int {
	byCore := map[string]bool{config.Core: true}
	addNeeded(servers, config.Core, byCore)
	ranks := map[string]int{}
	for range servers { // a chain is at most as long as there are servers
		for _, s := range servers {
			rank := max(ranks[s.Name], 1)
			ranks[s.Name] = rank
			for _, d := range s.DependsOn {
				ranks[d] = max(ranks[d], rank+1)
			}
			if !byCore[s.Name] {
				ranks[config.Core] = max(ranks[config.Core], rank+1)
			}
		}
	}
	return ranks
}

// addNeeded adds all that a server depends on.
func addNeeded(servers []config.Server, name string, needed map[string]bool) {
	for _, s := range servers {
		if s.Name != name {
			continue
		}
		for _, d := range s.DependsOn {
			if !needed[d] {
				needed[d] = true
				addNeeded(servers, d, needed)
			}
		}
	}
}
