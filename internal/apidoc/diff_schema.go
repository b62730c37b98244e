package apidoc

import (
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
	a, b := c.old.of(x), c.new.of(y)
	if a.ref != "" && a.ref == b.ref && a.null == b.null && c.same[a.ref] {
		return
	}
	if a.null != b.null && !a.never && !b.never {
		if b.null {
			c.note(!in, "%s may be null", at)
		} else {
			c.note(in, "%s may not be null any more", at)
		}
	}
	if c.compared(a, b, x, y, in) {
		return
	}
	if a.never || b.never {
		if !a.never {
			c.note(in, "%s is not allowed any more", at)
		} else if !b.never {
			c.note(!in, "%s is allowed now", at)
		}
		return
	}
	if a.isUnion() && b.isPlain() || b.isUnion() && a.isPlain() {
		c.alternatives(at, a.members(), b.members(), in)
		c.rest(at, only(a.fields, "discriminator"), only(b.fields, "discriminator"))
		return
	}
	if c.kinds(at, a, b, in) {
		c.keywords(at, a, b, in)
	}
}

// compared tells whether two schemas were compared before, in this direction:
// by their names or, as parts of others, by their places.
func (c *comparison) compared(a, b form, x, y any, in bool) bool {
	p, q := a.ref, b.ref
	if p == "" {
		p = identity(x)
	}
	if q == "" {
		q = identity(y)
	}
	pair := p + " " + q + " " + show(in) + c.within
	if c.unjudged > 0 {
		pair += " unjudged"
	}
	was := c.seen[pair]
	c.seen[pair] = true
	return was
}

func only(m map[string]any, key string) map[string]any {
	if v, ok := m[key]; ok {
		return map[string]any{key: v}
	}
	return nil
}

// kinds compares the types, and tells whether there is more to compare.
func (c *comparison) kinds(at string, a, b form, in bool) bool {
	kindA, kindB := a.kind(), b.kind()
	if kindA == kindB {
		c.typesOf(at, a, b)
		return true
	}
	var narrowed, widened bool
	typesA, typesB := a.kinds(), b.kinds()
	switch {
	case kindA == several || kindB == several:
		narrowed, widened = kindB != anything, kindA != anything
	default:
		narrowed = len(typesB) > 0 && (len(typesA) == 0 || slices.ContainsFunc(typesA, func(t string) bool { return !typeWithin(t, typesB) }))
		widened = len(typesA) > 0 && (len(typesB) == 0 || slices.ContainsFunc(typesB, func(t string) bool { return !typeWithin(t, typesA) }))
		if f, g := a.format(), b.format(); f != g {
			narrowed, widened = narrowed || g != "", widened || f != ""
		}
	}
	c.note(in && narrowed || !in && widened, "%s is %s instead of %s", at, kindB, kindA)
	overlap := slices.ContainsFunc(typesA, func(t string) bool { return typeWithin(t, typesB) }) ||
		slices.ContainsFunc(typesB, func(t string) bool { return typeWithin(t, typesA) })
	return overlap && len(typesA) > 0 && len(typesB) > 0
}

// typesOf tells of a type that is given on one side and goes without saying on
// the other, where other values are allowed then.
func (c *comparison) typesOf(at string, a, b form) {
	if (len(a.types) == 0) == (len(b.types) == 0) || len(List(a.fields["enum"])) > 0 && len(List(b.fields["enum"])) > 0 {
		return
	}
	if len(b.types) == 0 {
		c.note(false, "%s has no type any more", at)
	} else {
		c.note(false, "%s has the type %s", at, strings.Join(b.types, " or "))
	}
}

// keywords compares what two schemas say beside their types. Each rule takes
// the keywords that it judges; the rest is told as it stands.
func (c *comparison) keywords(at string, a, b form, in bool) {
	f := pair{a: maps.Clone(a.fields), b: maps.Clone(b.fields)}
	if a.format() != "" || b.format() != "" {
		f.take("format") // the kind tells
	}
	c.values(at, &f, in)
	c.limits(at, &f, in)
	c.formats(at, &f, in)
	c.properties(at, &f, in)
	c.items(at, &f, in)
	c.extra(at, &f, in)
	c.conditions(at, &f, in)
	c.unions(at, a, b, in)
	c.parts(at, a, b)
	c.rest(at, f.a, f.b)
}

// pair is the keywords of two schemas that no rule has taken yet.
type pair struct{ a, b map[string]any }

func (p *pair) take(key string) (x, y any) {
	x, y = p.a[key], p.b[key]
	delete(p.a, key)
	delete(p.b, key)
	return x, y
}

func (c *comparison) properties(at string, f *pair, in bool) {
	v, w := f.take("properties")
	x, y := Object(v), Object(w)
	v, w = f.take("required")
	wasRequired, isRequired := List(v), List(w)
	closed := f.b["additionalProperties"] == false
	for _, key := range allKeys(x, y) {
		p, inOld := x[key]
		q, inNew := y[key]
		name := at + "." + key
		was, is := slices.Contains(wasRequired, any(key)), slices.Contains(isRequired, any(key))
		// A property that is never sent in a direction asks for nothing there.
		c.unless(c.notSent(p, q, inOld, inNew, in), func() {
			switch {
			case !inOld && is && !c.hasDefault(q):
				c.note(in, "new required %s", name)
			case !inOld:
				c.note(false, "new %s", name)
			case !inNew:
				c.note(!in || closed, "%s is gone", name)
			default:
				if is && !was {
					c.note(in, "%s is now required", name)
				} else if was && !is {
					c.note(!in, "%s is now optional", name)
				}
				c.schema(name, p, q, in)
			}
		})
	}
	for _, key := range Texts(isRequired) {
		if _, known := y[key]; !known && !slices.Contains(wasRequired, any(key)) {
			c.note(in, "%s.%s is now required", at, key)
		}
	}
	for _, key := range Texts(wasRequired) {
		if _, known := x[key]; !known && !slices.Contains(isRequired, any(key)) {
			c.note(!in, "%s.%s is now optional", at, key)
		}
	}
}

// notSent tells whether a property is readOnly in what goes in, or writeOnly in
// what comes out, on every side that has it.
func (c *comparison) notSent(p, q any, inOld, inNew, in bool) bool {
	key := "writeOnly"
	if in {
		key = "readOnly"
	}
	is := func(d *forms, v any) bool { return True(d.of(v).fields[key]) }
	return (!inOld || is(c.old, p)) && (!inNew || is(c.new, q))
}

func (c *comparison) hasDefault(v any) bool {
	return c.new.of(v).fields["default"] != nil
}

func (c *comparison) items(at string, f *pair, in bool) {
	x, y := f.take("items")
	c.schema(at+"[]", x, y, in)
	x, y = f.take("prefixItems")
	a, b := List(x), List(y)
	for i := range max(len(a), len(b)) {
		switch name := at + "[" + show(i) + "]"; {
		case i >= len(a):
			c.note(in && len(a) == 0, "%s has a schema of its own", name)
		case i >= len(b):
			c.note(!in && len(b) == 0, "%s has no schema of its own any more", name)
		default:
			c.schema(name, a[i], b[i], in)
		}
	}
}

// extra compares what is said of properties that have no name.
func (c *comparison) extra(at string, f *pair, in bool) {
	x, y := f.take("additionalProperties")
	switch none := any(false); {
	case x == none && y == none:
	case y == none:
		c.note(in, "%s takes no further properties", at)
	case x == none && y == nil:
		c.note(false, "%s takes further properties", at)
	default:
		c.schema(at+"{}", x, y, in)
	}
}

// conditions are the keywords that hold schemas of their own, each of which
// allows less than if it was not there.
func (c *comparison) conditions(at string, f *pair, in bool) {
	for _, key := range [...]string{"contains", "propertyNames", "contentSchema", "unevaluatedProperties", "unevaluatedItems", "not", "if", "then", "else"} {
		x, y := f.take(key)
		// What a narrower condition means for the whole, nobody can tell.
		unclear := key == "not" || key == "if" || key == "then" || key == "else"
		c.condition(at+" "+key, x, y, in, unclear)
	}
	for _, key := range [...]string{"patternProperties", "dependentSchemas"} {
		v, w := f.take(key)
		x, y := Object(v), Object(w)
		for _, name := range allKeys(x, y) {
			c.condition(at+" "+key+" "+name, x[name], y[name], in, false)
		}
	}
	v, w := f.take("dependentRequired")
	x, y := Object(v), Object(w)
	for _, name := range allKeys(x, y) {
		for _, other := range Texts(List(y[name])) {
			if !slices.Contains(List(x[name]), any(other)) {
				c.note(in, "%s.%s now requires %s", at, name, other)
			}
		}
		for _, other := range Texts(List(x[name])) {
			if !slices.Contains(List(y[name]), any(other)) {
				c.note(!in, "%s.%s does not require %s any more", at, name, other)
			}
		}
	}
}

func (c *comparison) condition(at string, x, y any, in, unclear bool) {
	switch {
	case x == nil && y == nil:
	case x == nil:
		c.note(in, "%s is new", at)
	case y == nil:
		c.note(!in, "%s is gone", at)
	default:
		c.unless(unclear, func() { c.schema(at, x, y, in) })
	}
}
