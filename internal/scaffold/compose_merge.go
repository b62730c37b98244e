package scaffold

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// overridden is added to the lines of a second file.
const overridden = 1 << 24

func shift(n *yaml.Node, seen map[*yaml.Node]bool) {
	if n == nil || seen[n] {
		return
	}
	seen[n] = true
	n.Line += overridden
	for _, c := range n.Content {
		shift(c, seen)
	}
}

// merged is a value with what a second file says of it, as Compose merges them.
func merged(key string, base, over *yaml.Node) *yaml.Node {
	base, over = follow(base), follow(over)
	switch {
	case over == nil || over.ShortTag() == "!!null":
		return base
	case base == nil:
		return over
	case key == "environment" || key == "labels":
		base, over = asMapping(base), asMapping(over)
	case base.Kind != over.Kind || base.Kind == yaml.ScalarNode || key == "command" || key == "entrypoint" || key == "test":
		return over
	}
	out := &yaml.Node{Kind: base.Kind, Tag: base.Tag, Line: base.Line}
	if base.Kind == yaml.SequenceNode {
		out.Content = append(slices.Clone(base.Content), over.Content...)
		return out
	}
	put := func(p pair, v *yaml.Node) {
		out.Content = append(out.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.key, Line: p.line}, v)
	}
	own := pairs(base)
	for _, p := range own {
		put(p, merged(p.key, p.node, get(over, p.key)))
	}
	for _, p := range pairs(over) {
		if !slices.ContainsFunc(own, func(o pair) bool { return o.key == p.key }) {
			put(p, p.node)
		}
	}
	return out
}

// asMapping is a list of NAME=VALUE as a mapping.
func asMapping(n *yaml.Node) *yaml.Node {
	if n.Kind != yaml.SequenceNode {
		return n
	}
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line}
	for _, item := range n.Content {
		name, value, set := strings.Cut(text(item), "=")
		v := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Line: item.Line}
		if !set {
			v.Tag = "!!null"
		}
		out.Content = append(out.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name, Line: item.Line}, v)
	}
	return out
}

// extended is a service with what it takes from another one of the file.
func (c *composeFile) extended(s pair, depth int) *yaml.Node {
	e := get(s.node, "extends")
	if e == nil || depth > 5 {
		return s.node
	}
	name := text(e)
	if name == "" {
		if get(e, "file") != nil {
			return s.node // named with the other keys
		}
		name = text(get(e, "service"))
	}
	for _, other := range c.services {
		if other.key != name {
			continue
		}
		merged := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: s.node.Line}
		own := pairs(s.node)
		for _, p := range own {
			if p.key != "extends" {
				merged.Content = append(merged.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.key, Line: p.line}, p.node)
			}
		}
		for _, p := range pairs(c.extended(other, depth+1)) {
			if !slices.ContainsFunc(own, func(o pair) bool { return o.key == p.key }) && p.key != "depends_on" {
				merged.Content = append(merged.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.key, Line: p.line}, p.node)
			}
		}
		return merged
	}
	return s.node
}
