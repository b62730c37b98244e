package apidoc

import (
	"maps"
	"slices"
)

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
