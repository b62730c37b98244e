package apidoc

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// bundler copies what lies in other files into one document.
type bundler struct {
	doc      *Document
	folder   string // nothing outside of it is read
	home     string // the document's own file, by its path below the folder
	files    map[string]map[string]any
	names    map[string]string // file#pointer -> reference within doc
	inlining map[string]bool   // what is being written in place of a reference
	seen     map[uintptr]bool  // objects of doc that lie where no walk leads but by a reference
	pending  []copied
	bounds   *bounds
}

// copied is a part of the document whose references are still those of its file.
type copied struct {
	value any
	file  string
	at    place
}

// bundle rewrites every reference to another file, and checks that those
// within the document lead somewhere.
func bundle(doc *Document, folder, file string, bounds *bounds) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if file, err = filepath.Abs(file); err != nil {
		return err
	}
	home, err := filepath.Rel(folder, file)
	if err != nil || !filepath.IsLocal(home) {
		folder, home = filepath.Dir(file), filepath.Base(file)
	}
	home = filepath.ToSlash(home)
	b := &bundler{doc: doc, folder: folder, home: home, files: map[string]map[string]any{home: doc.Root}, names: map[string]string{},
		inlining: map[string]bool{}, seen: map[uintptr]bool{}, bounds: bounds}
	b.pending = []copied{{doc.Root, home, place{}}}
	for len(b.pending) > 0 { // not by recursion: a chain of references may be long
		next := b.pending[0]
		b.pending = b.pending[1:]
		if err := b.walk(next.value, next.file, next.at); err != nil {
			return err
		}
	}
	return nil
}

// place tells what a document has somewhere.
type place struct {
	section string // of the components, where things of this kind belong; "" is a schema, or something without references
	names   bool   // its keys are names, not keywords
	own     bool   // of names: x- begins an extension all the same; else: it has one of those names
}

// sections are the keywords below which references lead to something else than
// schemas, and the section of the components that such things belong to.
var sections = map[string]string{
	"paths": "pathItems", "webhooks": "pathItems", "pathItems": "pathItems", "responses": "responses", "parameters": "parameters",
	"requestBody": "requestBodies", "headers": "headers", "links": "links", "callbacks": "callbacks", "examples": "examples",
	// AsyncAPI
	"channels": "channels", "channel": "channels", "messages": "messages", "message": "messages", "operations": "operations",
	"servers": "servers", "reply": "replies", "correlationId": "correlationIds", "security": "securitySchemes", "tags": "tags",
	"externalDocs": "externalDocs", "variables": "serverVariables", "traits": "operationTraits", "bindings": "channelBindings",
}

// named are the keywords whose keys are names.
var named = map[string]bool{
	"properties": true, "patternProperties": true, "$defs": true, "definitions": true, "dependentSchemas": true, "dependencies": true, "content": true, "encoding": true,
	"paths": true, "webhooks": true, "responses": true, "parameters": true, "headers": true, "links": true, "callbacks": true, "examples": true,
	"channels": true, "messages": true, "operations": true, "servers": true, "variables": true,
}

// below is the place of a key's value, or false where that is data and nobody's
// reference.
func (b *bundler) below(at place, key string, v any) (place, bool) {
	extension := strings.HasPrefix(key, "x-")
	switch {
	case at.names && at.own && extension:
		return place{}, false
	case at.names:
		return place{section: at.section, own: true}, true
	case extension:
		return place{}, false
	case at.section == "components":
		return place{section: key, names: true}, true
	case at.section == "callbacks": // its keys are expressions
		return place{section: "pathItems"}, true
	}
	_, list := v.([]any)
	switch key {
	case "components":
		return place{section: key}, true
	case "example", "default", "const", "enum":
		return place{}, false
	case "examples":
		if list {
			return place{}, false
		}
	case "value", "dataValue":
		if at.section == "examples" {
			return place{}, false
		}
	case "headers":
		if b.doc.Kind == AsyncAPI { // a schema
			return place{}, true
		}
	case "oneOf":
		if at.section == "messages" {
			return at, true
		}
	case "traits":
		if at.section == "messages" {
			return place{section: "messageTraits"}, true
		}
	}
	if at.section == "pathItems" && slices.Contains(methods[:], key) {
		return place{section: "operations"}, true
	}
	return place{section: sections[key], names: named[key] && !list, own: key == "paths" || key == "responses"}, true
}

func (b *bundler) walk(v any, file string, at place) error {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			if b.writtenInPlace(at, ref) {
				return b.inline(v, ref, file, at)
			}
			to, err := b.target(ref, file, at)
			if err != nil {
				return err
			}
			v["$ref"] = to
		}
		return b.walkKeys(v, file, at)
	case []any:
		for _, e := range v {
			if err := b.walk(e, file, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bundler) walkKeys(m map[string]any, file string, at place) error {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if under, ok := b.below(at, k, m[k]); ok {
			if err := b.walk(m[k], file, under); err != nil {
				return err
			}
		}
	}
	if mapping := Object(m["discriminator"], "mapping"); mapping != nil && !at.names {
		return b.walkMapping(mapping, file)
	}
	return nil
}

// writtenInPlace tells whether what a reference leads to is to stand in its
// place: OpenAPI knows no references to operations, nor ones that stand for a
// whole section, and of a path's it knows those within the document.
func (b *bundler) writtenInPlace(at place, ref string) bool {
	return at.names || b.doc.Kind == OpenAPI && (at.section == "operations" || at.section == "pathItems" && at.own && !strings.HasPrefix(ref, "#"))
}

// inline writes what a reference leads to in its place; what stands beside it wins.
func (b *bundler) inline(m map[string]any, ref, file string, at place) error {
	other, fragment, err := locate(ref, file)
	if err == nil {
		err = b.walkKeys(m, file, at)
	}
	if err != nil {
		return err
	}
	key := other + "#" + fragment
	if b.inlining[key] || len(b.inlining) > mostDeep {
		return fmt.Errorf("the reference %q leads round in circles", shorten(ref))
	}
	b.inlining[key] = true
	defer delete(b.inlining, key)
	c, err := b.copyOf(ref, other, fragment)
	if err != nil {
		return err
	}
	whole, ok := c.(map[string]any)
	if !ok {
		return fmt.Errorf("the reference %q leads to no object", shorten(ref))
	}
	if err := b.walk(whole, other, at); err != nil {
		return err
	}
	delete(m, "$ref") // not before: it may lead back here
	for k, v := range whole {
		if _, ok := m[k]; !ok {
			m[k] = v
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
		to, err := b.target(ref, file, place{})
		if err != nil {
			return err
		}
		mapping[k] = to
	}
	return nil
}

// target is the reference within the document that stands for ref as it is
// written in file.
func (b *bundler) target(ref, file string, at place) (string, error) {
	other, fragment, err := locate(ref, file)
	if err != nil {
		return "", err
	}
	if other == b.home {
		v, ok := b.doc.Lookup("#" + fragment)
		if !ok {
			return "", fmt.Errorf("the reference %q leads nowhere", shorten(ref))
		}
		if !strings.HasPrefix(fragment, "/components/") || strings.Count(fragment, "/") != 3 {
			b.later(v, at)
		}
		return "#" + fragment, nil
	}
	key := other + "#" + fragment
	if name, ok := b.names[key]; ok {
		return name, nil
	}
	return b.copyIn(ref, other, fragment, key, at)
}

// later walks a part of the document to which a reference leads: it may lie below
// an extension.
func (b *bundler) later(v any, at place) {
	m, ok := v.(map[string]any)
	if !ok {
		return
	}
	if p := reflect.ValueOf(m).Pointer(); !b.seen[p] {
		b.seen[p] = true
		b.pending = append(b.pending, copied{m, b.home, at})
	}
}

func (b *bundler) copyIn(ref, file, fragment, key string, at place) (string, error) {
	c, err := b.copyOf(ref, file, fragment)
	if err != nil {
		return "", err
	}
	section, name := at.section, strings.TrimSuffix(path.Base(file), path.Ext(file))
	if parts := strings.Split(fragment, "/"); len(parts) > 1 {
		name = unescapePointer(parts[len(parts)-1])
		if len(parts) == 4 && parts[1] == "components" {
			section = parts[2]
		}
	}
	if section == "" {
		section = "schemas"
	}
	into := child(child(b.doc.Root, "components"), section)
	name = Unique(name, func(s string) bool { _, taken := into[s]; return taken })
	into[name] = c
	b.names[key] = "#/components/" + section + "/" + escapePointer(name)
	b.pending = append(b.pending, copied{c, file, at})
	return b.names[key], nil
}

// copyOf is a copy of what a reference leads to.
func (b *bundler) copyOf(ref, file, fragment string) (any, error) {
	root, err := b.load(file)
	if err != nil {
		return nil, fmt.Errorf("the reference %q: %w", shorten(ref), err)
	}
	v, ok := pointer(root, fragment)
	if !ok {
		return nil, fmt.Errorf("the reference %q leads nowhere", shorten(ref))
	}
	c, err := b.bounds.copy(v, 1)
	if err != nil {
		return nil, fmt.Errorf("the reference %q: %w", shorten(ref), err)
	}
	return c, nil
}
