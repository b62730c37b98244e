package plan

import "muster/internal/config"

// stopRanks puts every server before those that it depends on, and core after
// all others. Rank 0 is left to the gateway and the frontend.
func stopRanks(servers []config.Server) map[string]int {
	ranks := map[string]int{}
	last := 1
	for range servers { // a chain is at most as long as there are servers
		for _, s := range servers {
			rank := max(ranks[s.Name], 1)
			ranks[s.Name] = rank
			for _, d := range s.DependsOn {
				ranks[d] = max(ranks[d], rank+1)
			}
			last = max(last, rank)
		}
	}
	if r, ok := ranks[config.Core]; ok && len(servers) > 1 {
		ranks[config.Core] = max(r, last+1)
	}
	return ranks
}
