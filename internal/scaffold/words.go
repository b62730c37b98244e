package scaffold

import (
	"strings"
)

// literal is a text as the configuration has to say it, in which nothing is to be
// filled in but by a shell.
func literal(s string) string {
	if strings.Contains(s, "${") || strings.Contains(s, "$$") {
		return strings.ReplaceAll(s, "$", "$$")
	}
	return s
}

// splitWords splits a line as a shell would. It is not ok where a shell would do
// more than that; with dollars, a $ is left to whoever fills in variables.
func splitWords(s string, dollars bool) (words []string, ok bool) {
	var word strings.Builder
	begun := false
	special := "|&;<>()`*?#~\n"
	if !dollars {
		special += "$"
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case dollars && strings.HasPrefix(s[i:], "${") && strings.IndexByte(s[i:], '}') > 0:
			end := i + strings.IndexByte(s[i:], '}')
			word.WriteString(s[i : end+1])
			i = end
		case c == ' ' || c == '\t' || c == '\n' && dollars:
			if begun {
				words = append(words, word.String())
				word.Reset()
				begun = false
			}
			continue
		case c == '\'' || c == '"':
			end := i + 1
			for end < len(s) && s[end] != c {
				if c == '"' && s[end] == '\\' && end+1 < len(s) {
					end++
					if !strings.ContainsRune("\"\\$`", rune(s[end])) {
						word.WriteByte('\\')
					}
				} else if c == '"' && (s[end] == '$' && !dollars || s[end] == '`') {
					return nil, false
				}
				word.WriteByte(s[end])
				end++
			}
			if end >= len(s) {
				return nil, false
			}
			i = end
		case c == '\\':
			if i+1 == len(s) {
				return nil, false
			}
			i++
			word.WriteByte(s[i])
		case strings.IndexByte(special, c) >= 0 && !(c == '#' && begun) && !(c == '~' && begun) && !(dollars && c != '\n'):
			return nil, false
		default:
			word.WriteByte(c)
		}
		begun = true
	}
	if begun {
		words = append(words, word.String())
	}
	return words, len(words) > 0
}
