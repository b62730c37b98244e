package apidoc

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// schema compares two schemas. What goes in may ask for less and allow more;
// what comes out may bring more and leave out less; anything else breaks a
// client.
func (c *comparison) schema(at string, x, y any, in bool) {
	if meansSame(x, y, "") && c.leadsToSame(x) {
		return
	}
	a, refA, nullA := c.old.withoutNull(x)
	b, refB, nullB := c.new.withoutNull(y)
	if refA != "" && refA == refB && nullA == nullB && c.same[refA] {
		return
	}
	if nullA != nullB {
		if nullB {
			c.note(!in, "%s may be null", at)
		} else {
			c.note(in, "%s may not be null any more", at)
		}
	}
	if refA != "" || refB != "" {
		pair := refA + " " + refB + " " + show(in)
		if c.seen[pair] {
			return
		}
		c.seen[pair] = true
	}
	if a == nil && b == nil {
		return
	}
	kindA, kindB := c.old.kindOf(a), c.new.kindOf(b)
	if kindA != kindB && (kindA == several || kindB == several) && kindA != "any" && kindB != "any" {
		c.alternatives(at, members(a, refA), members(b, refB), in)
		return
	}
	if kindA != kindB {
		widened := in && (kindB == "any" || kindA == "integer" && kindB == "number")
		narrowed := !in && (kindA == "any" || kindA == "number" && kindB == "integer")
		c.note(!widened && !narrowed, "%s is %s instead of %s", at, kindB, kindA)
		return
	}
	c.values(at, a, b, in)
	c.limits(at, a, b, in)
	c.properties(at, a, b, in)
	if a["items"] != nil || b["items"] != nil {
		c.schema(at+"[]", a["items"], b["items"], in)
	}
	if Object(a["additionalProperties"]) != nil && Object(b["additionalProperties"]) != nil {
		c.schema(at+"{}", a["additionalProperties"], b["additionalProperties"], in)
	}
	c.alternatives(at, Alternatives(a), Alternatives(b), in)
}

// withoutNull is the schema of what is not null, with the last reference that
// led to it, and whether null is allowed: the ways to say so are one.
func (d Document) withoutNull(v any) (s map[string]any, ref string, null bool) {
	for range 64 { // deeper ones are circles
		m, r := d.Deref(v)
		if r != "" {
			ref = r
		}
		s, null = m, null || Nullable(m) || slices.ContainsFunc(Alternatives(m), func(alt any) bool { return IsNull(Object(alt)) })
		rest := d.only(m)
		if rest == nil {
			break
		}
		v = rest
	}
	return s, ref, null
}

// only is the one schema that another stands for: the only thing that allOf
// says, or the only alternative to null.
func (d Document) only(s map[string]any) any {
	if len(Object(s["properties"])) > 0 {
		return nil
	}
	all, alts := List(s["allOf"]), Alternatives(s)
	if len(all) == 1 && len(alts) == 0 {
		return all[0]
	}
	rest := slices.DeleteFunc(alts, func(alt any) bool { return IsNull(Object(alt)) })
	if len(rest) == 1 && len(all) == 0 {
		return rest[0]
	}
	return nil
}

const several = "one of several"

// kindOf is the JSON type of a schema with its format, or several.
func (d Document) kindOf(s map[string]any) string {
	if len(Alternatives(s)) > 0 {
		return several
	}
	ty := Types(s)
	if len(ty) == 0 {
		switch {
		case d.IsObject(s):
			ty = []string{"object"}
		case len(Values(s)) > 0:
			ty = []string{OneType(Values(s))}
		case s["items"] != nil:
			ty = []string{"array"}
		default:
			return "any"
		}
	}
	slices.Sort(ty)
	kind := strings.Join(ty, " or ")
	if f := Text(s["format"]); f != "" && kind == "string" {
		kind += " (" + f + ")"
	}
	return kind
}

func (c *comparison) values(at string, a, b map[string]any, in bool) {
	x, y := shownValues(a), shownValues(b)
	if len(x) == 0 && len(y) == 0 {
		return
	}
	if len(x) == 0 {
		c.note(in, "%s only takes %s", at, strings.Join(y, ", "))
		return
	}
	if len(y) == 0 {
		c.note(!in, "%s takes other values, too", at)
		return
	}
	for _, v := range y {
		if !slices.Contains(x, v) {
			c.note(!in, "%s has the new value %s", at, v)
		}
	}
	for _, v := range x {
		if !slices.Contains(y, v) {
			c.note(in, "%s has no value %s any more", at, v)
		}
	}
}

func shownValues(s map[string]any) []string {
	var all []string
	for _, v := range Values(s) {
		all = append(all, show(v))
	}
	return all
}

// limits are the keywords that narrow a value; a different pattern is told,
// not judged.
func (c *comparison) limits(at string, a, b map[string]any, in bool) {
	for _, k := range [...]struct {
		name  string
		lower bool // a larger number allows less
	}{{"minimum", true}, {"maximum", false}, {"exclusiveMinimum", true}, {"exclusiveMaximum", false}, {"minLength", true},
		{"maxLength", false}, {"minItems", true}, {"maxItems", false}} {
		x, hasX := number(a[k.name])
		y, hasY := number(b[k.name])
		if hasX == hasY && x == y {
			continue
		}
		tighter := hasY && (!hasX || (y > x) == k.lower)
		if hasY {
			c.note(in && tighter, "%s has the %s %s", at, k.name, show(b[k.name]))
		} else {
			c.note(false, "%s has no %s any more", at, k.name)
		}
	}
	if p, q := Text(a["pattern"]), Text(b["pattern"]); p != q {
		c.note(in && q != "", "%s has another pattern", at)
	}
}

func number(v any) (float64, bool) {
	n, _ := v.(json.Number)
	f, err := n.Float64()
	return f, err == nil
}

func (c *comparison) properties(at string, a, b map[string]any, in bool) {
	x, y := c.old.ShapeOf(a), c.new.ShapeOf(b)
	for _, key := range allKeys(x.Properties, y.Properties) {
		p, inOld := x.Properties[key]
		q, inNew := y.Properties[key]
		name := at + "." + key
		switch {
		case !inOld && y.Required[key]:
			c.note(in, "new required %s", name)
		case !inOld:
			c.note(false, "new %s", name)
		case !inNew:
			c.note(!in, "%s is gone", name)
		default:
			if y.Required[key] != x.Required[key] {
				if y.Required[key] {
					c.note(in, "%s is now required", name)
				} else {
					c.note(!in, "%s is now optional", name)
				}
			}
			c.schema(name, p, q, in)
		}
	}
}

// alternatives compares the members of two unions by their names.
func (c *comparison) alternatives(at string, a, b []any, in bool) {
	x, y := c.old.memberIndex(a), c.new.memberIndex(b)
	for _, key := range allKeys(x, y) {
		p, inOld := x[key]
		q, inNew := y[key]
		switch {
		case !inOld:
			c.note(!in, "%s may be %s", at, key)
		case !inNew:
			c.note(in, "%s is never %s any more", at, key)
		default:
			c.schema(at, p, q, in)
		}
	}
}

// members are those of a union. Any other schema is a union of itself, without
// null and the title of its place.
func members(s map[string]any, ref string) []any {
	if alts := Alternatives(s); len(alts) > 0 {
		return alts
	}
	if ref != "" {
		return []any{map[string]any{"$ref": ref}}
	}
	one := maps.Clone(s)
	delete(one, "title")
	delete(one, "nullable")
	if l, ok := s["type"].([]any); ok {
		one["type"] = slices.DeleteFunc(slices.Clone(l), func(t any) bool { return t == "null" })
	}
	return []any{one}
}

// memberIndex names a union's members as people do: by their schema, title,
// value or kind. Null is none of them: see withoutNull.
func (d Document) memberIndex(alts []any) map[string]any {
	m := map[string]any{}
	for _, alt := range alts {
		s := Object(alt)
		if IsNull(s) {
			continue
		}
		key := Text(s["title"])
		if ref := Text(s["$ref"]); ref != "" {
			key = RefName(ref)
		} else if v, ok := s["const"]; ok {
			key = show(v)
		} else if key == "" {
			key = d.kindOf(s)
		}
		m[Unique(key, func(k string) bool { _, taken := m[k]; return taken })] = alt
	}
	return m
}

// sameSchemas are the references to named schemas that mean the same in both
// documents, with everything that they lead to: most of them, mostly.
func sameSchemas(old, new Document) map[string]bool {
	a, b := Object(old.Root, "components", "schemas"), Object(new.Root, "components", "schemas")
	same := map[string]bool{}
	users := map[string][]string{} // reference -> the schemas that use it
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		ref := "#/components/schemas/" + escapePointer(name)
		if v, ok := b[name]; ok && meansSame(a[name], v, "") {
			same[ref] = true
		} else {
			differ = append(differ, ref)
		}
		references(a[name], func(to string) { users[to] = append(users[to], ref) })
	}
	for to := range users {
		if !same[to] {
			differ = append(differ, to) // also what lies elsewhere, and is not known
		}
	}
	for len(differ) > 0 {
		ref := differ[len(differ)-1]
		differ = differ[:len(differ)-1]
		delete(same, ref)
		for _, user := range users[ref] {
			if same[user] {
				delete(same, user)
				differ = append(differ, user)
			}
		}
	}
	return same
}

// leadsToSame tells whether everything that a schema refers to is the same.
func (c *comparison) leadsToSame(v any) bool {
	same := true
	references(v, func(ref string) { same = same && c.same[ref] })
	return same
}

func references(v any, found func(string)) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			found(ref)
		}
		for _, e := range v {
			references(e, found)
		}
	case []any:
		for _, e := range v {
			references(e, found)
		}
	}
}
