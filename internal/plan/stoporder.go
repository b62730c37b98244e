package plan

import "muster/internal/config"

// stopRanks puts every process before those that it depends on. All other servers
// count as depending on core, but for those that core itself needs. Rank 0 is left to
// the gateway and to frontends.
func stopRanks(cfg *config.Config) map[string]int {
	all := cfg.Processes()
	byCore := map[string]bool{config.Core: true}
	addNeeded(all, config.Core, byCore)
	ranks := map[string]int{}
	for range all { // a chain is at most as long as there are processes
		for _, m := range all {
			rank := ranks[m.Name]
			if m.Kind != config.KindFrontend {
				rank = max(rank, 1)
			}
			ranks[m.Name] = rank
			for _, d := range m.DependsOn {
				ranks[d.Name] = max(ranks[d.Name], rank+1)
			}
			if m.Kind == config.KindServer && !byCore[m.Name] {
				ranks[config.Core] = max(ranks[config.Core], rank+1)
			}
		}
	}
	return ranks
}

// addNeeded adds all that a process depends on.
func addNeeded(all []config.Member, name string, needed map[string]bool) {
	for _, m := range all {
		if m.Name != name {
			continue
		}
		for _, d := range m.DependsOn {
			if !needed[d.Name] {
				needed[d.Name] = true
				addNeeded(all, d.Name, needed)
			}
		}
	}
}
