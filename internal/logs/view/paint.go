package view

import "hash/fnv"

// paint colours text for a terminal; false leaves it plain.
type paint bool

func (p paint) in(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) dim(s string) string { return p.in("2", s) }

// name colours the prefix of a process. The colours, of the 256, are neither
// light nor dark, and none looks like an error's red.
func (p paint) name(name, s string) string {
	colors := [...]string{"33", "35", "37", "97", "133", "136", "166", "67", "71", "132", "99", "30"}
	h := fnv.New64a()
	h.Write([]byte(name))
	return p.in("38;5;"+colors[h.Sum64()%uint64(len(colors))], s)
}

func (p paint) level(l Level, s string) string {
	switch l {
	case Debug:
		return p.dim(s)
	case Warn:
		return p.in("33", s)
	case Error, Critical:
		return p.in("31", s)
	}
	return s
}

func (p paint) status(s string) string {
	switch s[0] {
	case '5':
		return p.in("31", s)
	case '4':
		return p.in("33", s)
	case '3':
		return p.in("36", s)
	}
	return p.in("32", s)
}

// duration colours what a person notices: from 0.3 s on, and from 1 s on.
func (p paint) duration(seconds float64, s string) string {
	switch {
	case seconds >= 1:
		return p.in("31", s)
	case seconds >= 0.3:
		return p.in("33", s)
	}
	return p.in("32", s)
}
