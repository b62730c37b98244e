package clients

import (
	"strconv"
	"strings"
	"unicode"
)

// identifier keeps letters, digits and underscores of ASCII.
func identifier(s, ifEmpty string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '_' || r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	name := strings.Trim(b.String(), "_")
	if strings.HasSuffix(s, "_") && name != "" && name+"_" == s {
		name = s
	}
	if name == "" {
		return ifEmpty
	}
	if name[0] >= '0' && name[0] <= '9' {
		return ifEmpty + "_" + name
	}
	return name
}

// className turns a schema's name into a class's: simple-user is SimpleUser.
// A name that is one already stays as it is.
func className(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool {
		return r >= 128 || r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(strings.ToUpper(p[:1]) + p[1:])
	}
	name := strings.TrimLeft(b.String(), "_")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "Model" + name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// camelClass is className that also joins at underscores: market_data is
// MarketData, as in MarketDataClient.
func camelClass(s string) string {
	var b strings.Builder
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == ' ' }) {
		b.WriteString(className(p))
	}
	if b.Len() == 0 {
		return "Api"
	}
	return b.String()
}

// unique is apidoc.Unique for very many equal names: next keeps the number that
// each goes on with.
func unique(name string, next map[string]int, taken func(string) bool) string {
	if !taken(name) {
		return name
	}
	for i := max(next[name], 2); ; i++ {
		if n := name + strconv.Itoa(i); !taken(n) {
			next[name] = i + 1
			return n
		}
	}
}

// isWord tells whether a name is one of words, which stand between spaces.
func isWord(words, name string) bool {
	for word := range strings.FieldsSeq(words) {
		if word == name {
			return true
		}
	}
	return false
}
