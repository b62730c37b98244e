package scaffold

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// reserved are the names that muster gives itself.
var reserved = []string{"nginx", "frontend", "supervisor"}

func whyNot(name string) string {
	if slices.Contains(reserved, name) {
		return "the name is reserved"
	}
	if validName(name) == name {
		return "the name is taken"
	}
	return "a name has lower-case letters, digits, _ and -"
}

// validName makes of a text the nearest name that is one.
func validName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '-'
	}, strings.ToLower(s))
	s = strings.Trim(s, "-_")
	if s == "" || s[0] < 'a' {
		s = "p" + s
	}
	if len(s) > 32 {
		s = strings.TrimRight(s[:32], "-_")
	}
	return s
}

func (d *draft) freeName(called string) string {
	name := validName(called)
	switch {
	case called == "frontend":
		name = "web"
		if d.taken(name) {
			name = "page"
		}
	case slices.Contains(reserved, name):
		name += "-app"
	}
	if base, n := splitInstance(name); n != "" { // it would be an instance of base
		name = base + "_" + n
	}
	free := name
	for i := 2; d.taken(free); i++ {
		free = name + "_" + strconv.Itoa(i)
	}
	return free
}

// splitInstance takes NAME-NUMBER apart.
func splitInstance(name string) (base, number string) {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return name, ""
	}
	if _, err := strconv.Atoi(name[i+1:]); err != nil {
		return name, ""
	}
	return name[:i], name[i+1:]
}

func (d *draft) taken(name string) bool {
	return slices.ContainsFunc(d.processes, func(p *process) bool { return p.name == name })
}

// baseName is what a folder is called, the repository's own included.
func (d *draft) baseName(rel string) string {
	if rel == "" {
		return path.Base(strings.ReplaceAll(d.dir, `\`, "/"))
	}
	return path.Base(rel)
}
