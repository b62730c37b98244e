package toolchain

import (
	"os"
	"strings"

	"deps.dev/util/semver"
)

// requiredPython returns what the project's pyproject.toml says of the
// interpreter's version (packaging.python.org: requires-python), such as
// ">=3.9,<4", or "".
func (f *finder) requiredPython() string {
	data, _ := os.ReadFile(f.projectFile("pyproject.toml")) // none says nothing
	section := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = line
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || section != "[project]" || strings.TrimSpace(key) != "requires-python" {
			continue
		}
		value, _, _ = strings.Cut(strings.TrimSpace(value), "#")
		return strings.Trim(strings.TrimSpace(value), `"'`)
	}
	return ""
}

// meets tells whether a version of Python is in a range of Python's (PEP 440).
// A range that it does not understand holds every version: pip will have its
// say.
func meets(version, wanted string) bool {
	r, err := semver.PyPI.ParseConstraint(wanted)
	return err != nil || r.Match(version)
}

// satisfies tells whether a version of Node.js is in a range of npm's
// (docs.npmjs.com: semver, Ranges). A range that it does not understand holds
// every version: npm will have its say. A nightly build counts as its release.
func satisfies(version, wanted string) bool {
	r, err := semver.NPM.ParseConstraint(wanted)
	release, _, _ := strings.Cut(version, "-")
	return err != nil || r.Match(release)
}
