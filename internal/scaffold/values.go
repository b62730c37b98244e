package scaffold

import (
	"slices"
	"strings"

	"muster/internal/config"
)

// secretless tells of a URL or address without a password.
func secretless(s string) bool { return !strings.Contains(s, "@") }

// masked writes the password in a URL as the variable of .env that has it too.
func (d *draft) masked(s string) (string, bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return "", false
	}
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return "", false
	}
	user, password, ok := strings.Cut(rest[:at], ":")
	if !ok {
		return s, true
	}
	for _, v := range d.env {
		if v.Value == password && password != "" {
			return scheme + "://" + user + ":${" + v.Name + "}" + rest[at:], true
		}
	}
	return "", false
}

// value is a text of a file whose variables are read as in Compose, as the
// configuration says it: what nobody has set is empty.
func (d *draft) value(file, s string) string {
	s = braces(s)
	for from := 0; ; {
		i := strings.Index(s[from:], "${")
		if i < 0 {
			return s
		}
		i += from
		from = i + 2
		if (len(s[:i])-len(strings.TrimRight(s[:i], "$")))%2 == 1 {
			continue // $${
		}
		end := strings.IndexByte(s[from:], '}')
		if end < 0 {
			return literal(s)
		}
		name, operator := s[from:from+end], ""
		if at := strings.IndexAny(name, ":?-+"); at > 0 {
			name, operator = name[:at], strings.TrimPrefix(name[at:], ":")
		}
		if !identifier(name) || operator != "" && operator[0] != '?' {
			continue
		}
		if !slices.ContainsFunc(d.env, func(v config.EnvVar) bool { return v.Name == name }) {
			s = s[:from] + name + ":-" + s[from+end:]
			d.leave(place{file, lineOf(d.text(file), name)}, "nobody sets %s: it is empty unless the shell or .env does", name)
		}
	}
}

func identifier(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && (s[0] < '0' || s[0] > '9')
}

// braces writes $NAME, which Compose fills in too, as ${NAME}.
func braces(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		if s[i] != '$' || i+1 == len(s) {
			continue
		}
		if s[i+1] == '$' {
			b.WriteByte('$')
			i++
			continue
		}
		end := i + 1
		for end < len(s) && identifier(s[i+1:end+1]) {
			end++
		}
		if end > i+1 {
			b.WriteString("{" + s[i+1:end] + "}")
			i = end - 1
		}
	}
	return b.String()
}
