package scaffold

import (
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// parseYAML is the root of a document, nil for an empty one.
func parseYAML(text string) (root *yaml.Node, err error) {
	// yaml.v3 panics on some malformed input.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("is no YAML: %v", r)
		}
	}()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

// pair is one key of a mapping with its value, aliases followed.
type pair struct {
	key  string
	line int
	node *yaml.Node
}

func follow(n *yaml.Node) *yaml.Node {
	for range 10 {
		if n == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}

// pairs are the keys of a mapping, those of its merge keys behind its own.
func pairs(n *yaml.Node) []pair { return pairsOf(n, 0) }

func pairsOf(n *yaml.Node, depth int) (all []pair) {
	n = follow(n)
	if n == nil || n.Kind != yaml.MappingNode || depth > 10 {
		return nil
	}
	seen := map[string]bool{}
	var merged []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := follow(n.Content[i]), follow(n.Content[i+1])
		if k == nil || v == nil {
			continue
		}
		if k.Value == "<<" {
			sources := []*yaml.Node{v}
			if v.Kind == yaml.SequenceNode {
				sources = v.Content
			}
			for _, s := range sources {
				for _, p := range pairsOf(s, depth+1) {
					p.line = k.Line
					merged = append(merged, p)
				}
				if len(merged) > 10_000 {
					return nil
				}
			}
			continue
		}
		seen[k.Value] = true
		all = append(all, pair{k.Value, k.Line, v})
	}
	for _, p := range merged {
		if !seen[p.key] {
			seen[p.key] = true
			all = append(all, p)
		}
	}
	return all
}

// get is the value of a key, nil where it is not there or is null.
func get(n *yaml.Node, key string) *yaml.Node {
	for _, p := range pairs(n) {
		if p.key == key && p.node.ShortTag() != "!!null" {
			return p.node
		}
	}
	return nil
}

// text is a scalar's text, "" for anything else.
func text(n *yaml.Node) string {
	if n = follow(n); n != nil && n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
		return n.Value
	}
	return ""
}

// texts are the scalars of a list, or one scalar.
func texts(n *yaml.Node) (all []string) {
	n = follow(n)
	if n == nil {
		return nil
	}
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			all = append(all, text(c))
		}
		return all
	}
	if s := text(n); s != "" {
		all = append(all, s)
	}
	return all
}
