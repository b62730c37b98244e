package logs

import (
	"bytes"
	"fmt"
)

// prefixWidth is the column at which ">> " stands.
const prefixWidth = 18

// Prefix is what the unified log has before each line of a process.
func Prefix(name string) []byte {
	return fmt.Appendf(nil, "%-*s>> ", prefixWidth, name)
}

// SplitPrefix takes a line of the unified log apart. A line without a prefix
// has no name.
func SplitPrefix(line []byte) (name string, text []byte) {
	if len(line) < prefixWidth {
		return "", line
	}
	i := bytes.Index(line[prefixWidth:], []byte(">> "))
	if i < 0 {
		return "", line
	}
	i += prefixWidth
	n := bytes.TrimRight(line[:i], " ")
	if len(n) == 0 || bytes.IndexByte(n, ' ') >= 0 {
		return "", line
	}
	return string(n), line[i+3:]
}
