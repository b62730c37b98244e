package apidoc

import (
	"maps"
	"slices"
	"strings"
)

// requirement is one way to be let in: the scopes of every scheme that is
// needed at once, by the scheme's name.
type requirement map[string][]string

// requirements are the ways to be let in to an operation: its own, or those of
// the document, unless it goes out to a client. None at all is one that needs
// nothing.
func (d Document) requirements(o *Operation, in bool) []requirement {
	list, own := o.Raw["security"].([]any)
	if !own && in {
		list = List(d.Root["security"])
	}
	all := []requirement{}
	for _, v := range list {
		r := requirement{}
		for name, scopes := range Object(v) {
			r[name] = slices.Sorted(slices.Values(Texts(List(scopes))))
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		all = append(all, requirement{})
	}
	return all
}

func (r requirement) String() string { return strings.Join(slices.Sorted(maps.Keys(r)), " and ") }

// security compares who is let in.
func (c *comparison) security(x, y []requirement) {
	index := func(all []requirement) map[string]requirement {
		m := map[string]requirement{}
		for _, r := range all {
			m[Unique(r.String(), func(k string) bool { _, taken := m[k]; return taken })] = r
		}
		return m
	}
	before, after := index(x), index(y)
	_, open := before[""]
	_, isOpen := after[""]
	for _, name := range allKeys(before, after) {
		r, inOld := before[name]
		s, inNew := after[name]
		switch {
		case name == "" && !inNew:
			c.note(true, "needs authentication now")
		case name == "" && !inOld:
			c.note(false, "needs no authentication any more")
		case !inOld:
			c.note(false, "authentication also by %s", name)
		case !inNew:
			// Whoever may come without need not care.
			c.note(!isOpen, "no authentication by %s any more", name)
		default:
			c.scopes(r, s, open && isOpen)
		}
	}
	c.schemes(before, after)
}

func (c *comparison) scopes(r, s requirement, open bool) {
	for _, scheme := range slices.Sorted(maps.Keys(r)) {
		for _, scope := range s[scheme] {
			if !slices.Contains(r[scheme], scope) {
				c.note(!open, "%s now needs the scope %s", scheme, scope)
			}
		}
		for _, scope := range r[scheme] {
			if !slices.Contains(s[scheme], scope) {
				c.note(false, "%s does not need the scope %s any more", scheme, scope)
			}
		}
	}
}

// schemes compares how the schemes work that both sides use.
func (c *comparison) schemes(before, after map[string]requirement) {
	used := map[string]bool{}
	for _, r := range before {
		for name := range r {
			used[name] = true
		}
	}
	told := map[string]bool{}
	for _, r := range after {
		for _, name := range slices.Sorted(maps.Keys(r)) {
			if !used[name] || told[name] {
				continue
			}
			told[name] = true
			x, _ := c.old.Deref(c.old.scheme(name))
			y, _ := c.new.Deref(c.new.scheme(name))
			f := pair{a: without(x), b: without(y)}
			for _, key := range [...]string{"type", "scheme", "in", "name"} {
				p, q := f.take(key)
				if key == "scheme" {
					p, q = strings.ToLower(Text(p)), strings.ToLower(Text(q))
				}
				if !meansSame(p, q, "") {
					c.note(true, "authentication %s has the %s %s instead of %s", name, key, show(q), show(p))
				}
			}
			c.rest("authentication "+name, f.a, f.b)
		}
	}
}

func (d Document) scheme(name string) any {
	return Object(d.Root, "components", "securitySchemes")[name]
}
