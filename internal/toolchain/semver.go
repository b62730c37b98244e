package toolchain

import "strings"

// version is major, minor and patch.
type version [3]int

// parseVersion reads v20.11.1, and 20 or 20.x as 20.0.0.
func parseVersion(s string) (v version, ok bool) {
	v, parts := partial(s)
	return v, parts > 0
}

// partial reads as many parts of a version as are there.
func partial(s string) (v version, parts int) {
	s = strings.TrimPrefix(s, "v")
	s, _, _ = strings.Cut(s, "-")
	s, _, _ = strings.Cut(s, "+")
	for i, part := range strings.SplitN(s, ".", 4) {
		n := number(part)
		if i == 3 || n < 0 {
			break
		}
		v[i] = n
		parts++
	}
	return v, parts
}

func (v version) less(w version) bool {
	for i := range v {
		if v[i] != w[i] {
			return v[i] < w[i]
		}
	}
	return false
}

// satisfies tells whether a version is in a range of npm's
// (docs.npmjs.com: semver, Ranges). What it does not understand, it accepts:
// npm itself will have its say.
func satisfies(v version, wanted string) bool {
	wanted = strings.TrimSpace(wanted)
	if wanted == "" || wanted == "*" {
		return true
	}
	for alternative := range strings.SplitSeq(wanted, "||") {
		if all(v, alternative) {
			return true
		}
	}
	return false
}

// all tells whether a version meets every comparator, separated by blanks.
func all(v version, comparators string) bool {
	comparators = strings.NewReplacer(">= ", ">=", "<= ", "<=", "> ", ">", "< ", "<", "^ ", "^", "~ ", "~", "= ", "=").Replace(comparators)
	words := strings.Fields(comparators)
	if len(words) == 3 && words[1] == "-" { // 18.0.0 - 22
		words = []string{">=" + words[0], "<=" + words[2]}
	}
	for _, word := range words {
		bare := strings.TrimLeft(word, "<>=^~")
		low, parts := partial(bare)
		if parts == 0 {
			continue
		}
		operator := word[:len(word)-len(bare)]
		next := low // the first version that is no longer meant
		next[parts-1]++
		for i := parts; i < 3; i++ {
			next[i] = 0
		}
		ok := true
		switch operator {
		case ">=":
			ok = !v.less(low)
		case ">":
			ok = !v.less(next)
		case "<":
			ok = v.less(low)
		case "<=":
			ok = v.less(next)
		case "^":
			ok = !v.less(low) && v.less(caret(low))
		case "~":
			if parts > 1 {
				next = version{low[0], low[1] + 1}
			}
			ok = !v.less(low) && v.less(next)
		default:
			ok = !v.less(low) && v.less(next)
		}
		if !ok {
			return false
		}
	}
	return true
}

// caret returns the first version that ^low no longer means: with the
// leftmost part that is not zero raised by one.
func caret(low version) version {
	switch {
	case low[0] > 0:
		return version{low[0] + 1}
	case low[1] > 0:
		return version{0, low[1] + 1}
	}
	return version{0, 0, low[2] + 1}
}
