package toolchain

import (
	"os"
	"strings"
)

// requiredPython returns what the project's pyproject.toml says of the
// interpreter's version (packaging.python.org: requires-python), such as
// ">=3.9,<4", or "".
func (f *finder) requiredPython() string {
	file := f.projectFile("pyproject.toml")
	if file == "" {
		return ""
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
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

// meets tells whether a version such as 3.11 is in a range of Python's. The
// operators that npm's ranges do not have are left to pip.
func meets(version, wanted string) bool {
	v, ok := parseVersion(version)
	for comparator := range strings.SplitSeq(wanted, ",") {
		comparator = strings.ReplaceAll(comparator, " ", "")
		if !strings.HasPrefix(comparator, ">=") && !strings.HasPrefix(comparator, "<") {
			continue
		}
		if ok && !satisfies(v, comparator) {
			return false
		}
	}
	return true
}
