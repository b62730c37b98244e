package apidoc

import (
	"slices"
)

// unions compares what a schema must be a member of, beside all else.
func (c *comparison) unions(at string, a, b form, in bool) {
	for i := range max(len(a.unions), len(b.unions)) {
		switch {
		case i >= len(a.unions):
			c.note(in, "%s is now one of several", at)
		case i >= len(b.unions):
			c.note(!in, "%s is not one of several any more", at)
		default:
			c.alternatives(at, a.unions[i], b.unions[i], in)
		}
	}
}

// parts tells which named schemas came or went in allOf: what they bring is
// compared, but they may bring nothing new.
func (c *comparison) parts(at string, a, b form) {
	if len(a.parts) == 0 || len(b.parts) == 0 {
		return // an only part is another way to write a reference
	}
	for _, ref := range b.parts {
		if !slices.Contains(a.parts, ref) {
			c.note(false, "%s is also %s", at, RefName(ref))
		}
	}
	for _, ref := range a.parts {
		if !slices.Contains(b.parts, ref) {
			c.note(false, "%s is not %s any more", at, RefName(ref))
		}
	}
}

// alternatives compares the members of two unions by their names.
func (c *comparison) alternatives(at string, before, after []any, in bool) {
	a, b := c.unmatched(before, after)
	x, y := c.old.memberIndex(a), c.new.memberIndex(b)
	for _, key := range allKeys(x, y) {
		p, inOld := x[key]
		q, inNew := y[key]
		switch {
		case !inOld:
			c.note(!in && !c.covered(q, before, c.reversed()), "%s may be %s", at, key)
		case !inNew:
			c.note(in && !c.covered(p, after, c), "%s is never %s any more", at, key)
		default:
			c.schema(at, p, q, in)
		}
	}
}

// unmatched leaves out the members that are on both sides.
func (c *comparison) unmatched(a, b []any) (x, y []any) {
	y = slices.Clone(b)
	for _, p := range a {
		if i := slices.IndexFunc(y, func(q any) bool {
			// Those with names are compared by their names.
			return (Object(p)["$ref"] == nil || Object(q)["$ref"] == nil) && !renamed(p, q) && c.alike(p, q, keywords, map[string]bool{})
		}); i >= 0 {
			y = slices.Delete(y, i, i+1)
		} else {
			x = append(x, p)
		}
	}
	return x, y
}

// renamed tells whether two schemas have different titles: a client may know
// them by those.
func renamed(p, q any) bool {
	a, b := Text(Object(p)["title"]), Text(Object(q)["title"])
	return a != "" && b != "" && a != b
}

// reversed compares the other way round.
func (c *comparison) reversed() *comparison {
	return &comparison{old: c.new, new: c.old, same: c.same, seen: map[string]bool{}}
}

// covered tells whether a member of the old document that way allows nothing
// that one of the new one's does not: so an integer is a number, and a date a
// string. Of what is not a simple value it knows only what is the same.
func (c *comparison) covered(v any, by []any, way *comparison) bool {
	if Text(Object(v)["title"]) != "" {
		return false // its name counts
	}
	a := way.old.of(v)
	return slices.ContainsFunc(by, func(w any) bool {
		if way.alike(v, w, keywords, map[string]bool{}) {
			return true
		}
		if !a.isSimple() || !way.new.of(w).isSimple() {
			return false
		}
		trial := comparison{old: way.old, new: way.new, seen: map[string]bool{}}
		trial.schema("", v, w, true)
		return !trial.breaking
	})
}

// memberIndex names a union's members as people do: by their schema, title,
// value or kind. Null is none of them: see form.
func (fs *forms) memberIndex(alts []any) map[string]any {
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
			key = fs.of(s).kind()
		}
		m[Unique(key, func(k string) bool { _, taken := m[k]; return taken })] = alt
	}
	return m
}
