package config

import "strings"

// Nearest returns the candidate that a typing mistake may have made of word,
// or "" when none comes near: one mistake in three letters at most.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", len(word)/3+1
	if len(word) > 64 { // no key is that long, and the distance costs its square
		return ""
	}
	folded := fold(word)
	for _, c := range candidates {
		if d := distance(folded, fold(c)); d < bestDistance || d == 0 && best == "" {
			best, bestDistance = c, d
		}
	}
	return best
}

// fold makes spellings equal that differ in style only: workerProcesses,
// worker-processes and WORKER_PROCESSES.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// distance counts the letters to insert, drop, change or swap with their
// neighbour that turn a into b (optimal string alignment).
func distance(a, b string) int {
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	now := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}
