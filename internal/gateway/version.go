package gateway

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// version is a version of nginx; a missing part is 0.
type version [3]int

func parseVersion(s string) (version, error) {
	var v version
	parts := strings.Split(s, ".")
	if len(parts) > 3 {
		return v, fmt.Errorf("%q is not a version such as 1.28.2", s)
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || n > 999999 {
			return v, fmt.Errorf("%q is not a version such as 1.28.2", s)
		}
		v[i] = n
	}
	return v, nil
}

func (v version) compare(w version) int { return slices.Compare(v[:], w[:]) }

// stable tells whether nginx.org calls the branch stable: its minor version is
// even.
func (v version) stable() bool { return v[1]%2 == 0 }

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }
