package config

import (
	"errors"
	"strings"
)

// splitWords splits a command line into its arguments. Blanks and line breaks
// separate words; '...' takes everything literally; "..." takes everything
// but \" and \\ literally; outside of quotes a backslash takes the next
// character literally. Nothing is expanded: no variable, no wildcard, no
// operator of a shell.
func splitWords(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case ' ', '\t', '\n', '\r':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		case '\'', '"':
			inWord = true
			end := closingQuote(s, i)
			if end < 0 {
				return nil, errors.New("has an unclosed " + string(c))
			}
			quoted := s[i+1 : end]
			if c == '"' {
				quoted = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(quoted)
			}
			word.WriteString(quoted)
			i = end
		case '\\':
			if i++; i == len(s) {
				return nil, errors.New(`ends in a \ that escapes nothing`)
			}
			inWord = true
			word.WriteByte(s[i])
		case '|', '&', ';', '<', '>':
			return nil, errors.New("holds " + tick(string(c)) + ", but no shell runs it: quote it, or write [sh, -c, \"...\"]")
		default:
			inWord = true
			word.WriteByte(c)
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// closingQuote returns the index of the quote that closes the one at start,
// or -1.
func closingQuote(s string, start int) int {
	for i := start + 1; i < len(s); i++ {
		switch {
		case s[i] == s[start]:
			return i
		case s[i] == '\\' && s[start] == '"':
			i++
		}
	}
	return -1
}
