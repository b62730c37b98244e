package apidoc

import (
	"net/url"
	"strconv"
	"strings"
)

// Lookup follows a reference within the document, such as
// #/components/schemas/Order (RFC 6901).
func (d Document) Lookup(ref string) (any, bool) {
	return pointer(d.Root, strings.TrimPrefix(ref, "#"))
}

func pointer(v any, path string) (any, bool) {
	if path == "" {
		return v, true
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		part = unescapePart(part)
		switch n := v.(type) {
		case map[string]any:
			e, ok := n[part]
			if !ok {
				return nil, false
			}
			v = e
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(n) {
				return nil, false
			}
			v = n[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// Deref follows references until something else is found, and returns it
// with the last reference that led there. A reference to nowhere or round in
// circles gives an empty object.
func (d Document) Deref(v any) (map[string]any, string) {
	last := ""
	for range 64 { // deeper chains are circles
		m := Object(v)
		ref, ok := m["$ref"].(string)
		if !ok {
			return m, last
		}
		next, ok := d.Lookup(ref)
		if !ok {
			break
		}
		v, last = next, ref
	}
	return nil, last
}

func child(m map[string]any, key string) map[string]any {
	c, ok := m[key].(map[string]any)
	if !ok {
		c = map[string]any{}
		m[key] = c
	}
	return c
}

func escapePointer(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

// unescapePart is the key that a part of a reference stands for.
func unescapePart(part string) string {
	if unescaped, err := url.PathUnescape(part); err == nil {
		part = unescaped
	}
	return unescapePointer(part)
}

func unescapePointer(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
}

// Unique is name, or name with a number from 2 that is not taken: the first, unless
// many are. It asks seldom, so that a thousand equal names take no million steps.
func Unique(name string, taken func(string) bool) string {
	if !taken(name) {
		return name
	}
	numbered := func(i int) string { return name + strconv.Itoa(i) }
	i := 2
	for ; i < 16; i++ {
		if n := numbered(i); !taken(n) {
			return n
		}
	}
	used := i - 1
	for ; taken(numbered(i)); i *= 2 {
		used = i
	}
	for i-used > 1 { // used is taken, i is not
		if middle := (used + i) / 2; taken(numbered(middle)) {
			used = middle
		} else {
			i = middle
		}
	}
	return numbered(i)
}
