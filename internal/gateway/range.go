package gateway

import (
	"fmt"
	"strconv"
	"strings"
)

// versionRange holds bounds that a version must all meet. The empty range takes
// any version.
type versionRange []bound

type bound struct {
	op string // "<", "<=", ">", ">="
	v  version
}

// parseRange reads a version, the beginning of one or a range, as npm does:
// "1.28.2", "1.28", "1.28.x", "^1.26", "~1.28.0", ">=1.26 <1.29".
func parseRange(s string) (versionRange, error) {
	var r versionRange
	for w := range strings.FieldsSeq(s) {
		op := ""
		for _, o := range []string{">=", "<=", ">", "<", "=", "^", "~", "v"} {
			if rest, ok := strings.CutPrefix(w, o); ok {
				op, w = o, rest
				break
			}
		}
		v, parts, err := partial(w)
		if err != nil {
			return nil, fmt.Errorf("%q is not a version or a range such as 1.28.2, 1.28 or \">=1.26 <1.29\"", s)
		}
		switch op {
		case ">=", "<":
			r = append(r, bound{op, v})
		case ">": // ">1.28" is above every 1.28.x
			if parts == 3 {
				r = append(r, bound{">", v})
			} else {
				r = append(r, bound{">=", v.next(parts)})
			}
		case "<=":
			r = append(r, bound{"<", v.next(parts)})
		case "^":
			r = append(r, bound{">=", v}, bound{"<", v.next(1)})
		case "~":
			r = append(r, bound{">=", v}, bound{"<", v.next(min(parts, 2))})
		default:
			r = append(r, bound{">=", v}, bound{"<", v.next(parts)})
		}
	}
	return r, nil
}

// partial reads up to three numbers, of which an x or * ends the list.
func partial(s string) (v version, parts int, err error) {
	for p := range strings.SplitSeq(s, ".") {
		if parts > 0 && (p == "x" || p == "*") {
			return v, parts, nil
		}
		n, err := strconv.ParseUint(p, 10, 20)
		if err != nil || parts == 3 {
			return v, 0, fmt.Errorf("bad version %q", s)
		}
		v[parts] = int(n)
		parts++
	}
	return v, parts, nil
}

// next is the first version after all that share v's first parts numbers.
func (v version) next(parts int) version {
	var n version
	copy(n[:parts], v[:parts])
	n[parts-1]++
	return n
}

func (r versionRange) matches(v version) bool {
	for _, b := range r {
		c := v.compare(b.v)
		ok := map[string]bool{"<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[b.op]
		if !ok {
			return false
		}
	}
	return true
}
