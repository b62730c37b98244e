package export

import "strings"

// escape makes of a text one that has no variable. Words, variables of environments
// and images are already written so in a Source.
func escape(s string) string { return strings.ReplaceAll(s, "$", "$$") }

// piece is a part of such a text: literal, or a variable.
type piece struct {
	literal        string
	name           string // "": it is literal
	operator, word string // behind the name, such as :- and default
}

// pieces takes a text apart.
func pieces(text string) (all []piece) {
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			all = append(all, piece{literal: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "$$"):
			literal.WriteByte('$')
			i++
		case strings.HasPrefix(text[i:], "${"):
			end := closing(text, i+2)
			p := piece{}
			if m := variable().FindStringSubmatch(text[i+2 : end]); m != nil {
				p.name, p.operator, p.word = m[1], m[2], m[3]
			}
			flush()
			all = append(all, p)
			i = end
		default:
			literal.WriteByte(text[i])
		}
	}
	flush()
	return all
}

var variable = pattern(`(?s)^([A-Za-z_][A-Za-z0-9_]*)(:?[-?+])?(.*)$`)

// closing is the index of the } for the ${ before start, or the end.
func closing(text string, start int) int {
	open := 1
	for i := start; i < len(text); i++ {
		switch {
		case text[i] == '}':
			if open--; open == 0 {
				return i
			}
		case strings.HasPrefix(text[i:], "${"):
			open++
		}
	}
	return len(text) - 1
}

// literally is a text without variables as it is meant; ok is false where it has one.
func literally(text string) (literal string, ok bool) {
	for _, p := range pieces(text) {
		if p.name != "" {
			return "", false
		}
		literal += p.literal
	}
	return literal, true
}
