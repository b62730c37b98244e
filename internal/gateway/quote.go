package gateway

import (
	"fmt"
	"strings"
)

// quote writes s as one argument of a directive. A "$" would still be read as
// a variable by some directives: see conf.Path.
func quote(s string) (string, error) {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("%q holds a control character, which nginx.conf cannot express: rename it", s)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, nil
}

// word accepts what is written into nginx.conf as it is. The configuration has
// checked it already; this is the second lock on the same door.
func word(what, s string) (string, error) {
	if s == "" {
		return "", fmt.Errorf("%s is empty", what)
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("-._~", c) >= 0:
		default:
			return "", fmt.Errorf("%s %q holds %q, which nginx could misread: use letters, digits, - . _ ~", what, s, string(c))
		}
	}
	return s, nil
}

// mapKey writes a word as a key of a map.
func mapKey(word string) string {
	switch word {
	case "default", "hostnames", "volatile", "include": // parameters of map itself
	default:
		if word[0] != '~' { // a regular expression
			return word
		}
	}
	return `"\\` + word + `"`
}

// urlPath is word for a path.
func urlPath(s string) (string, error) {
	if !strings.HasPrefix(s, "/") {
		return "", fmt.Errorf("the path %q must begin with /", s)
	}
	for part := range strings.SplitSeq(s[1:], "/") {
		if part == "" {
			continue // "/", and the end of a prefix
		}
		if _, err := word("the path", part); err != nil {
			return "", err
		}
	}
	return s, nil
}
