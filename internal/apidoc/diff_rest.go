package apidoc

import (
	"maps"
	"slices"
	"strings"
)

// What no rule judges is compared as it stands, after references: so nothing
// that a document says can change in silence.

// isAnnotation tells whether a keyword speaks to people alone.
func isAnnotation(key string) bool {
	switch key {
	case "description", "summary", "title", "example", "examples", "externalDocs", "tags", "$comment", "$defs", "definitions":
		return true
	}
	return strings.HasPrefix(key, "x-")
}

// reading says how the keys of an object are read.
type reading int

const (
	keywords reading = iota
	names            // keys are names that somebody gave
	data             // a value of the API: it holds neither references nor annotations
)

// below is the reading of what a keyword holds.
func (p reading) below(key string) reading {
	switch {
	case p == data:
		return data
	case p == names:
		return keywords
	}
	switch key {
	case "default", "const", "enum", "required", "security", "scopes", "value":
		return data
	case "properties", "patternProperties", "dependentSchemas", "dependentRequired", "headers", "responses", "content", "callbacks",
		"links", "encoding", "mapping", "variables", "parameters", "messages", "servers", "bindings", "flows":
		return names
	}
	return keywords
}

// usual is the value that a keyword has where it is left out; nil if there is
// none.
func usual(key string) any {
	switch key {
	case "deprecated", "readOnly", "writeOnly", "nullable", "uniqueItems", "allowReserved", "allowEmptyValue":
		return false
	}
	return nil
}

// without is an object without some of its keys.
func without(m map[string]any, keys ...string) map[string]any {
	rest := make(map[string]any, len(m))
	for k, v := range m {
		if !slices.Contains(keys, k) {
			rest[k] = v
		}
	}
	return rest
}

// rest tells what differs in the keywords that are left of two objects.
func (c *comparison) rest(at string, x, y map[string]any) { c.plainObjects(at, "", x, y, keywords) }

func (c *comparison) plainObjects(at, path string, x, y map[string]any, p reading) {
	for _, key := range allKeys(x, y) {
		if p == keywords && (isAnnotation(key) || key == "$ref" && path != "") {
			continue
		}
		v, w := x[key], y[key]
		if p == keywords {
			v, w = orUsual(v, key), orUsual(w, key)
		}
		c.plain(at, strings.TrimPrefix(path+"."+key, "."), v, w, p.below(key))
	}
}

func orUsual(v any, key string) any {
	if v == nil {
		return usual(key)
	}
	return v
}

// plain tells what differs between two values, by the innermost place.
func (c *comparison) plain(at, path string, x, y any, p reading) {
	if c.alike(x, y, p, map[string]bool{}) {
		return
	}
	what := strings.TrimSpace(at + " ")
	if what == "" {
		what = "it"
	}
	if b, ok := y.(bool); ok && p != data {
		if b {
			c.note(false, "%s is now %s", what, path)
		} else {
			c.note(false, "%s is not %s any more", what, path)
		}
		return
	}
	m, okM := x.(map[string]any)
	n, okN := y.(map[string]any)
	switch {
	case okM && okN && p != data:
		if p == keywords {
			m, n = c.old.resolved(m), c.new.resolved(n)
		}
		before := len(c.details)
		c.plainObjects(at, path, m, n, p)
		if len(c.details) == before { // told before, or a difference of how it is written
			c.note(false, "%s has another %s", what, path)
		}
	case y == nil:
		c.note(false, "%s has no %s any more", what, path)
	case isCompound(y) && x == nil:
		c.note(false, "%s has the new %s", what, path)
	case isCompound(x) || isCompound(y):
		c.note(false, "%s has another %s", what, path)
	case x == nil:
		c.note(false, "%s has the %s %s", what, path, show(y))
	default:
		c.note(false, "%s has the %s %s instead of %s", what, path, show(y), show(x))
	}
}

func isCompound(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// resolved is an object with what its reference leads to.
func (d Document) resolved(m map[string]any) map[string]any {
	if _, ok := m["$ref"].(string); !ok {
		return m
	}
	target, ref := d.Deref(m)
	if ref == "" || target == nil {
		return m // it leads nowhere
	}
	all := maps.Clone(target)
	for k, v := range m {
		if k != "$ref" {
			all[k] = v
		}
	}
	return all
}

// alike tells whether two values mean the same, references followed and
// annotations left out. under holds the pairs of references on the way here.
func (c *comparison) alike(x, y any, p reading, under map[string]bool) bool {
	switch x := x.(type) {
	case map[string]any:
		y, ok := y.(map[string]any)
		return ok && c.alikeObjects(x, y, p, under)
	case []any:
		y, ok := y.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		if p == names {
			p = keywords // only an object has names
		}
		for i := range x {
			if !c.alike(x[i], y[i], p, under) {
				return false
			}
		}
		return true
	}
	return meansSame(x, y, "")
}

func (c *comparison) alikeObjects(x, y map[string]any, p reading, under map[string]bool) bool {
	if p == data {
		return meansSame(x, y, "")
	}
	if p == keywords {
		refX, refY := Text(x["$ref"]), Text(y["$ref"])
		if refX != "" || refY != "" {
			if refX == refY && len(x) == 1 && len(y) == 1 && c.same[refX] {
				return true
			}
			pair := identity(x) + " " + identity(y)
			if under[pair] {
				return true
			}
			under[pair] = true
			x, y = c.old.resolved(x), c.new.resolved(y)
		}
	}
	for _, key := range allKeys(x, y) {
		v, w := x[key], y[key]
		if p == keywords {
			if isAnnotation(key) {
				continue
			}
			if set := key == "required" || key == "enum" || key == "type"; set && alikeSets(v, w) {
				continue
			}
			v, w = orUsual(v, key), orUsual(w, key)
		}
		if !c.alike(v, w, p.below(key), under) {
			return false
		}
	}
	return true
}

// alikeSets tells whether two lists hold the same, in any order.
func alikeSets(x, y any) bool {
	a, b := List(x), List(y)
	if a == nil || len(a) != len(b) {
		return false
	}
	for _, v := range a {
		if !slices.ContainsFunc(b, func(w any) bool { return meansSame(v, w, "") }) {
			return false
		}
	}
	return true
}
