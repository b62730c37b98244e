package install

import (
	"fmt"
	"strconv"
	"strings"

	"deps.dev/util/semver"
)

// parseRange reads nginx.version as npm reads a range: "1.28.2", "1.28",
// "1.28.x", "^1.26", "~1.28.0", ">=1.26 <1.29". "" takes any version.
func parseRange(s string) (*semver.Constraint, error) {
	r, err := semver.NPM.ParseConstraint(s)
	if err != nil {
		return nil, fmt.Errorf("%q is not a version or a range such as 1.28.2, 1.28 or \">=1.26 <1.29\"", s)
	}
	return r, nil
}

// isVersion tells whether s is a version of nginx: up to three numbers.
func isVersion(s string) bool {
	_, err := semver.NPM.Parse(s)
	return err == nil && strings.Trim(s, "0123456789.") == ""
}

// stable tells whether nginx.org calls the branch stable: its minor version is
// even.
func stable(version string) bool {
	_, minor, _ := strings.Cut(version, ".")
	minor, _, _ = strings.Cut(minor, ".")
	n, _ := strconv.Atoi(minor)
	return n%2 == 0
}
