package view

import (
	"bytes"
	"hash/fnv"
)

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

// stripANSI returns b without escape sequences (ECMA-48: CSI, OSC and the
// short ones). It returns b itself if there are none.
func stripANSI(b []byte) []byte {
	const esc = 0x1b
	i := bytes.IndexByte(b, esc)
	if i < 0 {
		return b
	}
	var out []byte
	for ; i >= 0; i = bytes.IndexByte(b, esc) {
		out = append(out, b[:i]...)
		b = b[i:]
		b = b[escape(b):]
	}
	return append(out, b...)
}

// escape returns the length of the escape sequence that b begins with.
func escape(b []byte) int {
	if len(b) < 2 {
		return len(b)
	}
	switch b[1] {
	case '[':
		for i := 2; i < len(b); i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				return i + 1
			}
			if b[i] < 0x20 || b[i] > 0x7e {
				return i
			}
		}
		return len(b)
	case ']':
		for i := 2; i < len(b); i++ {
			if b[i] == 7 {
				return i + 1
			}
			if b[i] == 0x1b {
				if i+1 < len(b) && b[i+1] == '\\' {
					return i + 2
				}
				return i
			}
		}
		return len(b)
	}
	i := 1
	for i < len(b)-1 && b[i] >= 0x20 && b[i] <= 0x2f {
		i++
	}
	if b[i] >= 0x30 && b[i] <= 0x7e {
		return i + 1
	}
	return i
}
