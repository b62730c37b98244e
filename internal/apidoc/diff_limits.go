package apidoc

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
)

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
