package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

// expander fills in what ${...} stands for, in the manner of Compose
// (docs.docker.com/reference/compose-file/interpolation). A variable without
// braces is left alone: it may be a shell's.
type expander struct {
	lookup  func(name string) (value string, set bool)
	lenient bool // what nobody has set is empty, and no mistake
}

// Expand fills in the variables of a text from the shell and then from vars; what
// nobody has set is empty.
func Expand(text string, vars []EnvVar) (string, error) {
	return expander{lookup: environment(vars), lenient: true}.text(text)
}

// text fills in the variables of a text. $$ is one $.
func (e expander) text(s string) (string, error) {
	if !strings.Contains(s, "$") {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '$' || i+1 == len(s):
			b.WriteByte(s[i])
		case s[i+1] == '$':
			b.WriteByte('$')
			i++
		case s[i+1] == '{':
			end := closingBrace(s, i+2)
			if end < 0 {
				return "", errors.New("has ${ without }: write $${ for the text itself")
			}
			value, err := e.variable(s[i+2 : end])
			if err != nil {
				return "", err
			}
			b.WriteString(value)
			i = end
		default:
			b.WriteByte('$')
		}
	}
	return b.String(), nil
}

// closingBrace is the index of the } for the ${ before start, or -1.
func closingBrace(s string, start int) int {
	open := 1
	for i := start; i < len(s); i++ {
		switch {
		case s[i] == '}':
			if open--; open == 0 {
				return i
			}
		case strings.HasPrefix(s[i:], "${"):
			open++
		}
	}
	return -1
}

// variable is the value of what stands between the braces: NAME, or NAME with an
// operator and a word.
func (e expander) variable(inner string) (string, error) {
	at := strings.IndexAny(inner, ":-?+")
	name, operator, word := inner, "", ""
	if at >= 0 {
		n := 1
		if inner[at] == ':' {
			n = min(2, len(inner)-at)
		}
		name, operator, word = inner[:at], inner[at:at+n], inner[at+n:]
	}
	if checkIdentifier(name) != nil {
		return "", fmt.Errorf("has ${%s}, which names no variable: write $${ for the text itself", shown(inner))
	}
	value, set := e.lookup(name)
	if strings.HasPrefix(operator, ":") {
		set = set && value != ""
	}
	switch strings.TrimPrefix(operator, ":") {
	case "":
		if operator == ":" {
			break
		}
		if !set && !e.lenient && name == "PORT" {
			return "", errors.New("has ${PORT}: write {port} for a process's own port, or $${PORT} where a shell reads it")
		}
		if !set && !e.lenient {
			return "", fmt.Errorf("has ${%s}, and %s is not set: set it in the shell or in env_file, or write ${%s:-default}", name, name, name)
		}
		return value, nil
	case "-":
		if !set {
			return e.text(word)
		}
		return value, nil
	case "?":
		if !set {
			return "", fmt.Errorf("needs the variable %s: %s", name, shown(word))
		}
		return value, nil
	case "+":
		if set {
			return e.text(word)
		}
		return "", nil
	}
	return "", fmt.Errorf("has ${%s}: behind the name there may be :-, :?, :+, -, ? or +", shown(inner))
}

// expandTree fills in the values of a tree, its keys aside. A value that was text
// with a variable in it is then what it reads as: a number, true or false, a text.
func (d *decoder) expandTree(n *yaml.Node, e expander) {
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		d.expandTree(child, e)
	}
	if n.Kind != yaml.ScalarNode || !strings.Contains(n.Value, "$") {
		return
	}
	value, err := e.text(n.Value)
	if err != nil {
		d.unset[n] = true
		if d.refers { // it may be nothing that has to be filled in
			d.broken[n], d.written[n] = err, n.Value
		} else {
			d.reportAt(place(n), "", "%s %s", tick(n.Value), err)
		}
		return
	}
	if value != "" && strings.Contains(n.Value, "${") && n.ShortTag() == "!!str" { // an empty text is not nothing
		n.Tag, n.Style = "", 0
	}
	if value != n.Value {
		d.written[n], n.Value = n.Value, value
	}
}

// environment looks variables up where Compose does: in the shell, then in files.
func environment(files ...[]EnvVar) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if v, ok := os.LookupEnv(name); ok {
			return v, true
		}
		for _, vars := range files {
			for _, v := range vars {
				if v.Name == name {
					return v.Value, true
				}
			}
		}
		return "", false
	}
}
