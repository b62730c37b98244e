package apidoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// yamlReader makes of YAML the tree that JSON would have given. A plain scalar is
// what YAML 1.2's JSON schema says: what JSON does not write as a number, a
// boolean or null is text, so a date, 12:30:00, 0o17, 1_000, yes and on are.
type yamlReader struct{ bounds *bounds }

func readYAML(data []byte, b *bounds) (any, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var n, more yaml.Node
	if err := d.Decode(&n); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrIncomplete, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := d.Decode(&more); err == nil {
		return nil, fmt.Errorf("line %d: a second document begins: keep each in a file of its own", more.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %s", ErrIncomplete, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return yamlReader{b}.value(&n, 1)
}

func (r yamlReader) value(n *yaml.Node, depth int) (any, error) {
	switch n.Kind {
	case yaml.DocumentNode:
		return r.value(n.Content[0], depth)
	case yaml.AliasNode: // a copy each time: what lies in it may get changed in one place
		v, err := r.value(n.Alias, depth+1)
		return v, err
	}
	if err := r.bounds.take(depth); err != nil {
		return nil, at(n, err)
	}
	switch n.Kind {
	case yaml.MappingNode:
		return r.mapping(n, depth)
	case yaml.SequenceNode:
		l := make([]any, len(n.Content))
		for i, e := range n.Content {
			v, err := r.value(e, depth+1)
			if err != nil {
				return nil, err
			}
			l[i] = v
		}
		return l, nil
	}
	return scalar(n)
}

func (r yamlReader) mapping(n *yaml.Node, depth int) (any, error) {
	m := make(map[string]any, len(n.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		for k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return nil, at(k, errors.New("a key that is no text"))
		}
		if k.Tag == "!!merge" {
			merged = append(merged, v)
			continue
		}
		if _, ok := m[k.Value]; ok {
			return nil, at(k, fmt.Errorf("the key %q stands twice in one object", shorten(k.Value)))
		}
		e, err := r.value(v, depth+1)
		if err != nil {
			return nil, err
		}
		m[k.Value] = e
	}
	for _, n := range merged {
		if err := r.merge(m, n, depth); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// merge adds what stands behind a <<: what is there already wins, and of
// several mappings the first.
func (r yamlReader) merge(m map[string]any, n *yaml.Node, depth int) error {
	v, err := r.value(n, depth)
	if err != nil {
		return err
	}
	all, ok := v.([]any)
	if !ok {
		all = []any{v}
	}
	for _, part := range all {
		part, ok := part.(map[string]any)
		if !ok {
			return at(n, errors.New("<< takes objects only"))
		}
		for k, v := range part {
			if _, ok := m[k]; !ok {
				m[k] = v
			}
		}
	}
	return nil
}

var (
	// Numbers that YAML writes and JSON does not, though it has them.
	yamlNumber = regexp.MustCompile(`^(-?)(0|[1-9][0-9]*)?\.([0-9]*)([eE][-+]?[0-9]+)?$`)
	notANumber = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

func scalar(n *yaml.Node) (any, error) {
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if tagged := n.Style&yaml.TaggedStyle != 0; tagged && n.Tag != "!!int" && n.Tag != "!!float" && n.Tag != "!!bool" && n.Tag != "!!null" ||
		quoted && !tagged {
		return n.Value, nil
	}
	switch n.Value {
	case "", "~", "null", "Null", "NULL":
		return nil, nil
	case "true", "True", "TRUE":
		return true, nil
	case "false", "False", "FALSE":
		return false, nil
	}
	if isNumber(n.Value) {
		return json.Number(n.Value), nil
	}
	if notANumber.MatchString(n.Value) {
		return nil, at(n, fmt.Errorf("JSON has no number %s: leave it out, or quote it if it is text", n.Value))
	}
	if p := yamlNumber.FindStringSubmatch(n.Value); p != nil && p[2]+p[3] != "" {
		whole, fraction := p[2], p[3]
		if whole == "" {
			whole = "0"
		}
		if fraction == "" {
			fraction = "0"
		}
		return json.Number(p[1] + whole + "." + fraction + p[4]), nil
	}
	return n.Value, nil
}

func at(n *yaml.Node, err error) error {
	return fmt.Errorf("line %d, column %d: %w", n.Line, n.Column, err)
}
