package specs

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// schema helpers that both generators and the comparison share. They smooth
// over what OpenAPI 3.0 and 3.1 (JSON Schema 2020-12) say differently.

// types lists the JSON types that a schema allows; "null" is left out.
func types(s map[string]any) []string {
	var t []string
	switch v := s["type"].(type) {
	case string:
		t = []string{v}
	case []any:
		t = texts(v)
	}
	out := t[:0:0]
	for _, e := range t {
		if e != "null" {
			out = append(out, e)
		}
	}
	return out
}

// nullable tells whether the schema itself allows null.
func nullable(s map[string]any) bool {
	if truth(s["nullable"]) || text(s["type"]) == "null" {
		return true
	}
	for _, t := range list(s["type"]) {
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

// isNull tells whether the schema allows nothing but null.
func isNull(s map[string]any) bool {
	if text(s["type"]) == "null" {
		return true
	}
	if l := list(s["type"]); len(l) == 1 && l[0] == "null" {
		return true
	}
	if c, ok := s["const"]; ok && c == nil {
		return true
	}
	e, ok := s["enum"].([]any)
	return ok && len(e) == 1 && e[0] == nil
}

// values lists the values of an enum or const; null is left out.
func values(s map[string]any) []any {
	var out []any
	if c, ok := s["const"]; ok {
		if c != nil {
			out = append(out, c)
		}
		return out
	}
	for _, v := range list(s["enum"]) {
		if v != nil {
			out = append(out, v)
		}
	}
	return out
}

// alternatives lists the members of oneOf and anyOf.
func alternatives(s map[string]any) []any {
	return append(append([]any{}, list(s["oneOf"])...), list(s["anyOf"])...)
}

// shape is an object with everything that allOf brings together.
type shape struct {
	Properties map[string]any
	Required   map[string]bool
	Extra      any // additionalProperties: nil when nothing is said
	HasExtra   bool
}

// isObject tells whether a schema describes an object with known properties.
func (d Document) isObject(s map[string]any) bool {
	sh := d.shapeOf(s)
	return len(sh.Properties) > 0
}

func (d Document) shapeOf(s map[string]any) shape {
	sh := shape{Properties: map[string]any{}, Required: map[string]bool{}}
	d.gather(s, &sh, map[string]bool{})
	return sh
}

func (d Document) gather(s map[string]any, sh *shape, seen map[string]bool) {
	for _, part := range list(s["allOf"]) {
		p, ref := d.deref(part)
		if ref != "" {
			if seen[ref] {
				continue
			}
			seen[ref] = true
		}
		d.gather(p, sh, seen)
	}
	for name, p := range object(s["properties"]) {
		if old, ok := sh.Properties[name]; !ok || len(object(p)) > 0 || len(object(old)) == 0 {
			sh.Properties[name] = p
		}
	}
	for _, name := range texts(list(s["required"])) {
		sh.Required[name] = true
	}
	if extra, ok := s["additionalProperties"]; ok {
		sh.Extra, sh.HasExtra = extra, true
	}
}

// oneType is the only JSON type that values have, or "".
func oneType(vals []any) string {
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

// tags maps a schema's reference to the property and values that tell it from
// the others wherever it is a member of a union with a discriminator.
func (d Document) tags() map[string]map[string][]string {
	found := map[string]map[string][]string{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if disc := object(v["discriminator"]); disc != nil && text(disc["propertyName"]) != "" {
				d.tagMembers(v, disc, found)
			}
			for _, k := range keys(v) {
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
			sort.Strings(vals)
		}
	}
	return found
}

func (d Document) tagMembers(s, disc map[string]any, found map[string]map[string][]string) {
	property := text(disc["propertyName"])
	add := func(ref, value string) {
		m := child2(found, ref)
		if !has(m[property], value) {
			m[property] = append(m[property], value)
		}
	}
	mapped := map[string]bool{}
	mapping := object(disc["mapping"])
	for _, value := range keys(mapping) {
		ref := text(mapping[value])
		if !strings.HasPrefix(ref, "#") {
			ref = "#/components/schemas/" + escapePointer(ref)
		}
		mapped[ref] = true
		add(ref, value)
	}
	for _, alt := range alternatives(s) {
		ref := text(object(alt)["$ref"])
		if ref != "" && !mapped[ref] {
			add(ref, refName(ref)) // without a mapping, the schema's name is the value
		}
	}
}

func child2(m map[string]map[string][]string, key string) map[string][]string {
	c, ok := m[key]
	if !ok {
		c = map[string][]string{}
		m[key] = c
	}
	return c
}

// refName is the last part of a reference.
func refName(ref string) string {
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
