package apidoc

import (
	"encoding/json"
	"maps"
	"math"
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
	narrowed, widened := false, false
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

func (c *comparison) values(at string, f *pair, in bool) {
	v, w := f.take("enum")
	x, y := shownValues(v), shownValues(w)
	switch {
	case len(x) == 0 && len(y) == 0:
		return
	case len(x) == 0:
		c.note(in, "%s only takes %s", at, strings.Join(y, ", "))
		return
	case len(y) == 0:
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

func shownValues(v any) []string {
	var all []string
	for _, e := range List(v) {
		s := show(e)
		if n, ok := e.(json.Number); ok {
			s = show(number(n)) // 1.0 is 1
			if f := number(n); f == math.Trunc(f) {
				s = n.String()
				if i, _, whole := strings.Cut(s, "."); whole && !strings.ContainsAny(s, "eE") {
					s = i
				}
			}
		}
		all = append(all, s)
	}
	return all
}

// limits are the keywords that narrow a value by a number.
var limits = map[string]int{"minimum": lower, "exclusiveMinimum": lower, "minLength": lower, "minItems": lower, "minProperties": lower,
	"minContains": lower, "maximum": upper, "exclusiveMaximum": upper, "maxLength": upper, "maxItems": upper, "maxProperties": upper,
	"maxContains": upper}

const (
	lower = 1 // a larger number allows less
	upper = 2
)

func (c *comparison) limits(at string, f *pair, in bool) {
	// A bound that is excluded instead of included is one bound that moved.
	for plain, exclusive := range map[string]string{"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"} {
		c.bound(at, f, plain, exclusive, in)
		c.bound(at, f, exclusive, plain, in)
	}
	for _, key := range slices.Sorted(maps.Keys(limits)) {
		v, w := f.take(key)
		if meansSame(v, w, "") {
			continue
		}
		x, y := number(v), number(w)
		if w == nil {
			c.note(!in, "%s has no %s any more", at, key)
			continue
		}
		tighter := v == nil || (y > x) == (limits[key] == lower)
		c.note(tighter == in, "%s has the %s %s", at, key, show(w))
	}
}

// bound compares a bound that has another keyword on either side.
func (c *comparison) bound(at string, f *pair, from, to string, in bool) {
	v, w := f.a[from], f.b[to]
	if v == nil || w == nil || f.b[from] != nil || f.a[to] != nil {
		return
	}
	delete(f.a, from)
	delete(f.b, to)
	x, y := number(v), number(w)
	tighter := x == y && strings.HasPrefix(to, "exclusive") || x != y && (y > x) == (limits[to] == lower)
	c.note(tighter == in, "%s has the %s %s", at, to, show(w))
}

func number(v any) float64 {
	n, _ := v.(json.Number)
	f, _ := n.Float64()
	return f
}

// formats are the keywords that narrow a value in other ways.
func (c *comparison) formats(at string, f *pair, in bool) {
	if x, y := f.take("pattern"); !meansSame(x, y, "") {
		// Nobody can tell which of two patterns allows more: what goes in may be refused.
		c.note(in && y != nil || !in && y == nil, "%s has another pattern", at)
	}
	if x, y := f.take("uniqueItems"); x != y {
		if True(y) {
			c.note(in, "%s has to have uniqueItems", at)
		} else {
			c.note(!in, "%s need not have uniqueItems any more", at)
		}
	}
	if x, y := f.take("multipleOf"); !meansSame(x, y, "") {
		c.multiples(at, x, y, in)
	}
	for _, key := range [...]string{"contentEncoding", "contentMediaType"} {
		if x, y := f.take(key); !meansSame(x, y, "") {
			c.note(true, "%s has the %s %s instead of %s", at, key, orNone(y), orNone(x))
		}
	}
	x, y := f.take("format")
	if !meansSame(x, y, "") {
		narrowed, widened := sizes[Text(x)] > sizes[Text(y)] && y != nil, sizes[Text(x)] < sizes[Text(y)] && x != nil
		c.note(in && narrowed || !in && widened, "%s has the format %s instead of %s", at, orNone(y), orNone(x))
	}
}

// sizes order the formats of numbers.
var sizes = map[string]int{"int8": 1, "int16": 2, "int32": 3, "int64": 4, "float": 1, "double": 2}

func orNone(v any) string {
	if v == nil {
		return "none"
	}
	return Text(v)
}

func (c *comparison) multiples(at string, x, y any, in bool) {
	isMultiple := func(of, v any) bool {
		return v != nil && number(of) != 0 && math.Mod(number(v), number(of)) == 0
	}
	if y == nil {
		c.note(!in, "%s has no multipleOf any more", at)
		return
	}
	narrowed := x == nil || !isMultiple(y, x)
	widened := x != nil && !isMultiple(x, y)
	c.note(in && narrowed || !in && widened, "%s has the multipleOf %s", at, show(y))
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
