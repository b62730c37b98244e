package config

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Key is one that a file says something for.
type Key struct {
	Path string // such as servers.broker.port or servers.broker.paths[0].strip
	Line int    // from 1
	// Filled tells that a variable is in what the file says for it.
	Filled bool
}

// Source loads a file as Load does, for whoever writes it in other words, and tells
// the keys that it says something for, in the order in which they are read. The
// variables of a command, of an environment, of a build's arguments and of an image
// stand there as a file of Compose has them: ${NAME:-default} as it is written, and $$
// for each $ that begins none. A variable that has no value is a mistake elsewhere only.
func Source(file string) (*Config, []Key, error) {
	c, d, err := load(file, true)
	if err != nil {
		return nil, nil, err
	}
	return c, d.said, nil
}

// say notes a key for Source.
func (d *decoder) say(e entry) {
	if d.refers {
		d.said = append(d.said, Key{e.path, e.at.line, d.filled(e.node)})
	}
}

func (d *decoder) filled(n *yaml.Node) bool {
	if n == nil || n.Kind == yaml.MappingNode { // whose keys tell by themselves
		return false
	}
	return slices.ContainsFunc(n.Content, d.filled) || strings.Contains(d.written[n], "${")
}

// text is scalar where Source leaves variables as they are written.
func (d *decoder) text(v value, expected string) (string, bool) {
	if !d.refers {
		return d.scalar(v, expected)
	}
	if written, had := d.written[v.node]; had {
		return escapeLone(written), true
	}
	text, ok := d.scalar(v, expected)
	return strings.ReplaceAll(text, "$", "$$"), ok
}

// escapeLone doubles each $ that begins neither a variable nor a $$.
func escapeLone(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		if s[i] != '$' {
			continue
		}
		if i+1 < len(s) && (s[i+1] == '$' || s[i+1] == '{') {
			i++
			b.WriteByte(s[i])
			continue
		}
		b.WriteByte('$')
	}
	return b.String()
}
