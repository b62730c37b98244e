package apidoc

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What generators and the comparison ask of a schema. The answers smooth
// over what OpenAPI 3.0 and 3.1 (JSON Schema 2020-12) say differently.

// Types lists the JSON types that a schema allows; "null" is left out.
func Types(s map[string]any) []string {
	var t []string
	switch v := s["type"].(type) {
	case string:
		t = []string{v}
	case []any:
		t = Texts(v)
	}
	out := t[:0:0]
	for _, e := range t {
		if e != "null" {
			out = append(out, e)
		}
	}
	return out
}

// Nullable tells whether the schema itself allows null.
func Nullable(s map[string]any) bool {
	if True(s["nullable"]) || Text(s["type"]) == "null" {
		return true
	}
	for _, t := range List(s["type"]) {
		if t == "null" {
			return true
		}
	}
	if e, ok := s["enum"].([]any); ok {
		for _, v := range e {
			if v == nil {
				return true
			}
		}
	}
	c, ok := s["const"]
	return ok && c == nil
}

// IsNull tells whether the schema allows nothing but null.
func IsNull(s map[string]any) bool {
	if Text(s["type"]) == "null" {
		return true
	}
	if l := List(s["type"]); len(l) == 1 && l[0] == "null" {
		return true
	}
	if c, ok := s["const"]; ok && c == nil {
		return true
	}
	e, ok := s["enum"].([]any)
	return ok && len(e) == 1 && e[0] == nil
}

// Values lists the values of an enum or const; null is left out.
func Values(s map[string]any) []any {
	var out []any
	if c, ok := s["const"]; ok {
		if c != nil {
			out = append(out, c)
		}
		return out
	}
	for _, v := range List(s["enum"]) {
		if v != nil {
			out = append(out, v)
		}
	}
	return out
}

// Alternatives lists the members of oneOf and anyOf.
func Alternatives(s map[string]any) []any {
	return append(append([]any{}, List(s["oneOf"])...), List(s["anyOf"])...)
}

// Shape is an object with everything that allOf brings together.
type Shape struct {
	Properties map[string]any
	Required   map[string]bool
	Extra      any // additionalProperties: nil when nothing is said
	HasExtra   bool
}

// IsObject tells whether a schema describes an object with known properties.
func (d Document) IsObject(s map[string]any) bool {
	sh := d.ShapeOf(s)
	return len(sh.Properties) > 0
}

func (d Document) ShapeOf(s map[string]any) Shape {
	sh := Shape{Properties: map[string]any{}, Required: map[string]bool{}}
	d.collect(s, &sh, map[string]bool{})
	return sh
}

func (d Document) collect(s map[string]any, sh *Shape, seen map[string]bool) {
	for _, part := range List(s["allOf"]) {
		p, ref := d.Deref(part)
		if ref != "" {
			if seen[ref] {
				continue
			}
			seen[ref] = true
		}
		d.collect(p, sh, seen)
	}
	for name, p := range Object(s["properties"]) {
		if old, ok := sh.Properties[name]; !ok || len(Object(p)) > 0 || len(Object(old)) == 0 {
			sh.Properties[name] = p
		}
	}
	for _, name := range Texts(List(s["required"])) {
		sh.Required[name] = true
	}
	if extra, ok := s["additionalProperties"]; ok {
		sh.Extra, sh.HasExtra = extra, true
	}
}

// OneType is the only JSON type that values have, or "".
func OneType(vals []any) string {
	t := ""
	for _, v := range vals {
		n := ""
		switch v := v.(type) {
		case string:
			n = "string"
		case bool:
			n = "boolean"
		case json.Number:
			n = "integer"
			if strings.ContainsAny(v.String(), ".eE") {
				n = "number"
			}
		}
		if t != "" && n != t {
			return ""
		}
		t = n
	}
	return t
}

// Tags maps a schema's reference to the property and values that tell it from
// the others wherever it is a member of a union with a discriminator.
func (d Document) Tags() map[string]map[string][]any {
	found := map[string]map[string][]any{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if disc := Object(v["discriminator"]); disc != nil && Text(disc["propertyName"]) != "" {
				d.tagMembers(v, disc, found)
			}
			for _, k := range slices.Sorted(maps.Keys(v)) {
				if k != "example" && k != "examples" {
					walk(v[k])
				}
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(d.Root)
	for _, props := range found {
		for _, vals := range props {
			slices.SortFunc(vals, func(a, b any) int { return strings.Compare(Text(a), Text(b)) })
		}
	}
	return found
}

func (d Document) tagMembers(s, disc map[string]any, found map[string]map[string][]any) {
	property := Text(disc["propertyName"])
	add := func(ref, value string) {
		if found[ref] == nil {
			found[ref] = map[string][]any{}
		}
		if m := found[ref]; !slices.Contains(m[property], any(value)) {
			m[property] = append(m[property], value)
		}
	}
	mapped := map[string]bool{}
	mapping := Object(disc["mapping"])
	for _, value := range slices.Sorted(maps.Keys(mapping)) {
		ref := Text(mapping[value])
		if !strings.HasPrefix(ref, "#") {
			ref = "#/components/schemas/" + escapePointer(ref)
		}
		mapped[ref] = true
		add(ref, value)
	}
	for _, alt := range Alternatives(s) {
		ref := Text(Object(alt)["$ref"])
		if ref != "" && !mapped[ref] {
			add(ref, RefName(ref)) // without a mapping, the schema's name is the value
		}
	}
}

// RefName is the last part of a reference.
func RefName(ref string) string {
	name := ref[strings.LastIndexByte(ref, '/')+1:]
	return strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
}

// show is a value as a person reads it in a message.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprint(v)
}
