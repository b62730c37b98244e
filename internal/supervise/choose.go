package supervise

import (
	"fmt"
	"slices"
	"strings"
)

// choose finds processes by their own name or their server's. No names mean
// all of them.
func (s *supervisor) choose(names []string) ([]*process, error) {
	all := s.processes()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []*process
	for _, n := range names {
		found := false
		for _, p := range all {
			if p.spec.Name == n || p.spec.Server == n {
				found = true
				if !slices.Contains(chosen, p) {
					chosen = append(chosen, p)
				}
			}
		}
		if !found {
			return nil, s.unknown(n)
		}
	}
	return chosen, nil
}

func (s *supervisor) find(name string) *process {
	for _, p := range s.processes() {
		if p.spec.Name == name {
			return p
		}
	}
	return nil
}

func (s *supervisor) named(names []string) []*process {
	return slices.DeleteFunc(s.processes(), func(p *process) bool { return !slices.Contains(names, p.spec.Name) })
}

func (s *supervisor) unknown(name string) error {
	var known []string
	for _, p := range s.processes() {
		known = append(known, p.spec.Name)
	}
	if len(known) == 0 {
		return fmt.Errorf("no process %q: nothing runs", name)
	}
	return fmt.Errorf("no process or server %q; there are %s", name, strings.Join(known, ", "))
}
