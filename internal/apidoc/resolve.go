package apidoc

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
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
	for _, part := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
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

// bundler copies what lies in other files into the components of one document.
type bundler struct {
	doc   *Document
	home  string
	files map[string]map[string]any
	names map[string]string // file#pointer -> reference within doc
}

// bundle rewrites every reference to another file, and checks that those
// within the document lead somewhere.
func bundle(doc *Document, file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	b := &bundler{doc: doc, home: file, files: map[string]map[string]any{file: doc.Root}, names: map[string]string{}}
	return b.walk(doc.Root, file, false)
}

func (b *bundler) walk(v any, file string, names bool) error {
	switch v := v.(type) {
	case map[string]any:
		// Below "properties" a key is a name: one called $ref is no reference.
		if ref, ok := v["$ref"].(string); ok && !names {
			to, err := b.target(ref, file)
			if err != nil {
				return err
			}
			v["$ref"] = to
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if k == "example" || k == "examples" && !names {
				continue
			}
			if err := b.walk(v[k], file, !names && (k == "properties" || k == "patternProperties")); err != nil {
				return err
			}
		}
		if mapping := Object(v["discriminator"], "mapping"); mapping != nil && !names {
			return b.walkMapping(mapping, file)
		}
	case []any:
		for _, e := range v {
			if err := b.walk(e, file, false); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bundler) walkMapping(mapping map[string]any, file string) error {
	for _, k := range slices.Sorted(maps.Keys(mapping)) {
		ref := Text(mapping[k])
		if !strings.ContainsAny(ref, "#/.") {
			continue // the name of a schema
		}
		to, err := b.target(ref, file)
		if err != nil {
			return err
		}
		mapping[k] = to
	}
	return nil
}

// target is the reference within the document that stands for ref as it is
// written in file.
func (b *bundler) target(ref, file string) (string, error) {
	if file == b.home && strings.HasPrefix(ref, "#/components/") && strings.Count(ref, "/") == 3 {
		if _, ok := b.doc.Lookup(ref); !ok {
			return "", fmt.Errorf("the reference %q leads nowhere", ref)
		}
		return ref, nil
	}
	path, fragment, _ := strings.Cut(ref, "#")
	if strings.Contains(path, "://") {
		return "", fmt.Errorf("the reference %q leads to another host: copy that document beside this one", ref)
	}
	other := file
	if path != "" {
		if unescaped, err := url.PathUnescape(path); err == nil {
			path = unescaped
		}
		other = filepath.Join(filepath.Dir(file), filepath.FromSlash(path))
	}
	if other == b.home {
		if _, ok := b.doc.Lookup("#" + fragment); !ok {
			return "", fmt.Errorf("the reference %q leads nowhere", ref)
		}
		return "#" + fragment, nil
	}
	key := other + "#" + fragment
	if name, ok := b.names[key]; ok {
		return name, nil
	}
	return b.copyIn(ref, other, fragment, key)
}

func (b *bundler) copyIn(ref, file, fragment, key string) (string, error) {
	root, err := b.load(file)
	if err != nil {
		return "", fmt.Errorf("the reference %q: %w", ref, err)
	}
	v, ok := pointer(root, fragment)
	if !ok {
		return "", fmt.Errorf("the reference %q leads nowhere", ref)
	}
	section, name := "schemas", strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	if parts := strings.Split(fragment, "/"); len(parts) > 1 {
		name = parts[len(parts)-1]
		if len(parts) == 4 && parts[1] == "components" {
			section = parts[2]
		}
	}
	components := child(b.doc.Root, "components")
	into := child(components, section)
	name = Unique(name, func(s string) bool { _, taken := into[s]; return taken })
	copied := clone(v)
	into[name] = copied
	b.names[key] = "#/components/" + section + "/" + escapePointer(name)
	return b.names[key], b.walk(copied, file, false) // named first: it may refer to itself
}

func (b *bundler) load(file string) (map[string]any, error) {
	if root, ok := b.files[file]; ok {
		return root, nil
	}
	data, err := readFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s", file)
	}
	if err != nil {
		return nil, err
	}
	root, err := parseTree(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	b.files[file] = root
	return root, nil
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

// Unique is name, or name with the first number from 2 that is not taken.
func Unique(name string, taken func(string) bool) string {
	if !taken(name) {
		return name
	}
	for i := 2; ; i++ {
		if n := name + strconv.Itoa(i); !taken(n) {
			return n
		}
	}
}
