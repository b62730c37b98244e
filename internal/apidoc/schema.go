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
	types := Texts(List(s["type"]))
	if one := Text(s["type"]); one != "" {
		types = []string{one}
	}
	return slices.DeleteFunc(types, func(t string) bool { return t == "null" })
}

// Nullable tells whether the schema itself allows null.
func Nullable(s map[string]any) bool {
	return True(s["nullable"]) || IsNull(s) ||
		slices.Contains(List(s["type"]), any("null")) || slices.Contains(List(s["enum"]), nil)
}

// IsNull tells whether the schema allows nothing but null.
func IsNull(s map[string]any) bool {
	c, constant := s["const"]
	t, e := List(s["type"]), List(s["enum"])
	return Text(s["type"]) == "null" || len(t) == 1 && t[0] == "null" || constant && c == nil || len(e) == 1 && e[0] == nil
}

// Values lists the values of an enum or const; null is left out.
func Values(s map[string]any) []any {
	values := slices.Clone(List(s["enum"]))
	if c, ok := s["const"]; ok {
		values = []any{c}
	}
	return slices.DeleteFunc(values, func(v any) bool { return v == nil })
}

// Alternatives lists the members of oneOf and anyOf.
func Alternatives(s map[string]any) []any {
	return slices.Concat(List(s["oneOf"]), List(s["anyOf"]))
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
	return len(d.ShapeOf(s).Properties) > 0
}

func (d Document) ShapeOf(s map[string]any) Shape {
	sh := Shape{Properties: map[string]any{}, Required: map[string]bool{}}
	d.collect(s, &sh, map[string]bool{})
	return sh
}

// MergedOf is ShapeOf with what the alternatives beside the properties, or
// within allOf, bring along: each property that one of them has, required if all
// require it. ref is where the schema lies, or "".
func (d Document) MergedOf(s map[string]any, ref string) Shape {
	sh := Shape{Properties: map[string]any{}, Required: map[string]bool{}}
	m := merger{d, map[string]bool{ref: ref != ""}, map[string]Shape{}}
	m.collect(s, &sh)
	return sh
}

type merger struct {
	doc  Document
	seen map[string]bool  // references on the way here
	made map[string]Shape // by reference: what refers to each other may do so in very many ways
}

func (m merger) collect(s map[string]any, sh *Shape) {
	for _, part := range List(s["allOf"]) {
		p, ref := m.doc.Deref(part)
		if m.seen[ref] {
			continue
		}
		m.seen[ref] = ref != ""
		m.collect(p, sh)
	}
	sh.add(s)
	var shapes []Shape
	for _, alt := range Alternatives(s) {
		a, ref := m.doc.Deref(alt)
		if m.seen[ref] || m.inherits(a) {
			return // they are what inherits it, each a schema of its own
		}
		if IsNull(a) {
			continue
		}
		one, made := m.made[ref]
		if !made {
			one = Shape{Properties: map[string]any{}, Required: map[string]bool{}}
			below := merger{m.doc, maps.Clone(m.seen), m.made}
			below.seen[ref] = ref != ""
			below.collect(a, &one)
		}
		if shapes = append(shapes, one); ref != "" {
			m.made[ref] = one
		}
	}
	sh.addOneOf(shapes)
}

func (m merger) inherits(s map[string]any) bool {
	return slices.ContainsFunc(List(s["allOf"]), func(part any) bool { return m.seen[Text(Object(part)["$ref"])] })
}

// addOneOf adds to a shape what one of several has.
func (sh *Shape) addOneOf(shapes []Shape) {
	found, required := map[string][]any{}, map[string]int{}
	for _, one := range shapes {
		for name, p := range one.Properties {
			found[name] = append(found[name], p)
		}
		for name := range one.Required {
			required[name]++
		}
		if one.HasExtra && one.Extra != false {
			sh.Extra, sh.HasExtra = true, true
		}
	}
	for name, n := range required {
		sh.Required[name] = sh.Required[name] || n == len(shapes)
	}
	for name, all := range found {
		if _, has := sh.Properties[name]; has && len(all) < len(shapes) {
			continue // where it is not said again, it is what it was
		}
		var different []any
		for _, p := range all {
			if !slices.ContainsFunc(different, func(q any) bool { return meansSame(p, q, "") }) {
				different = append(different, p)
			}
		}
		if len(different) == 1 {
			sh.add(map[string]any{"properties": map[string]any{name: different[0]}})
		} else {
			sh.Properties[name] = map[string]any{"anyOf": different}
		}
	}
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
	sh.add(s)
}

// add adds what a schema says of itself.
func (sh *Shape) add(s map[string]any) {
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
			for k, e := range v {
				if k != "example" && k != "examples" {
					walk(e)
				}
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(d.Root)
	for base, heirs := range d.Heirs() {
		target, _ := d.Lookup(base)
		disc := Object(Object(target)["discriminator"])
		var alts []any
		for _, ref := range heirs {
			alts = append(alts, map[string]any{"$ref": ref})
		}
		d.tagMembers(map[string]any{"oneOf": alts}, disc, found)
	}
	for ref, props := range found {
		for property, vals := range props {
			if own := d.valuesOf(ref, property); len(own) > 0 && slices.ContainsFunc(vals, func(v any) bool { return !slices.Contains(own, v) }) {
				delete(props, property) // what the member itself says is more
				continue
			}
			slices.SortFunc(vals, func(a, b any) int { return strings.Compare(Text(a), Text(b)) })
		}
	}
	return found
}

// valuesOf lists the values that a schema itself allows its property.
func (d Document) valuesOf(ref, property string) []any {
	s, _ := d.Deref(map[string]any{"$ref": ref})
	p, _ := d.Deref(d.ShapeOf(s).Properties[property])
	if part := List(p["allOf"]); len(part) == 1 && len(Values(p)) == 0 {
		p, _ = d.Deref(part[0]) // as FastAPI writes a reference with something beside it
	}
	return Values(p)
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
			ref = schemaRef(ref)
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

// Heirs maps the reference of a schema with a discriminator to those of the
// schemas that inherit it by allOf, however indirectly, in order.
func (d Document) Heirs() map[string][]string {
	children, heirs := map[string][]string{}, map[string][]string{}
	all := Object(d.Root, "components", "schemas")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, part := range List(Object(all[name])["allOf"]) {
			if base := Text(Object(part)["$ref"]); base != "" {
				children[base] = append(children[base], schemaRef(name))
			}
		}
	}
	for base := range children {
		if target, _ := d.Lookup(base); Object(target)["discriminator"] == nil {
			continue
		}
		below := slices.Clone(children[base])
		for i := 0; i < len(below); i++ {
			for _, c := range children[below[i]] {
				if !slices.Contains(below, c) && c != base {
					below = append(below, c)
				}
			}
		}
		heirs[base] = below
	}
	return heirs
}

// schemaRef is the reference to a schema among the components.
func schemaRef(name string) string { return "#/components/schemas/" + escapePointer(name) }

// RefName is the last part of a reference.
func RefName(ref string) string {
	return unescapePointer(ref[strings.LastIndexByte(ref, '/')+1:])
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
