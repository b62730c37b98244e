package config

import (
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// block is a mapping under construction.
type block struct{ node yaml.Node }

func (b *block) put(key string, v *yaml.Node, comment ...string) {
	if v.Kind == yaml.ScalarNode || v.Style == yaml.FlowStyle {
		v.LineComment = strings.Join(comment, "")
	}
	b.node.Kind = yaml.MappingNode
	b.node.Content = append(b.node.Content, text(key), v)
}

// given puts what is not left out: "" stands for nothing said.
func (b *block) given(key, value string) {
	if value != "" {
		b.put(key, text(value))
	}
}

// list puts words, of which nil stands for nothing said.
func (b *block) list(key string, list []string) {
	if list != nil {
		b.put(key, words(list))
	}
}

// section puts what is not empty.
func (b *block) section(key string, inner *block) {
	if len(inner.node.Content) > 0 {
		b.put(key, inner.done())
	}
}

func (b *block) done() *yaml.Node {
	b.node.Kind = yaml.MappingNode
	if len(b.node.Content) == 0 {
		b.node.Style = yaml.FlowStyle
	}
	return &b.node
}

// text is a string, in double quotes when it holds anything that YAML treats
// specially beyond what the library quotes by itself.
func text(s string) *yaml.Node {
	if strings.Contains(s, "${") || strings.Contains(s, "$$") {
		s = strings.ReplaceAll(s, "$", "$$")
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off": // true and false to a reader of YAML 1.1
		n.Style = yaml.DoubleQuotedStyle
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			n.Style = yaml.DoubleQuotedStyle
		}
	}
	return n
}

// literal is a number, true or false, or a word that the reader takes as it
// stands.
func literal(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

func number(n int) *yaml.Node { return literal(strconv.Itoa(n)) }

func boolean(b bool) *yaml.Node { return literal(strconv.FormatBool(b)) }

func duration(d time.Duration) *yaml.Node { return text(d.String()) }

func words(list []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, s := range list {
		n.Content = append(n.Content, text(s))
	}
	return n
}
