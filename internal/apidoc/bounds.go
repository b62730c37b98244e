package apidoc

import (
	"errors"
	"fmt"
)

// mostDeep bounds how deep a document is nested, and what its references stand
// for: GitHub's is 22 deep, and Python takes 200 brackets within each other.
const mostDeep = 100

// bounds is what may still be read for one document, in values that weigh ten and
// as much as they are deep: what is written indents them. It is four times
// GitHub's API.
type bounds struct{ left int }

func newBounds() *bounds { return &bounds{20_000_000} }

// errTooLarge says that a document is none that anybody wrote.
var errTooLarge = errors.New("it stands for more than a million values, with what its references and aliases repeat")

// take counts one value.
func (b *bounds) take(depth int) error {
	if depth > mostDeep {
		return fmt.Errorf("it is nested more than %d deep", mostDeep)
	}
	if b.left -= 10 + depth; b.left < 0 {
		return errTooLarge
	}
	return nil
}

// copy is a copy of a tree.
func (b *bounds) copy(v any, depth int) (any, error) {
	if err := b.take(depth); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			c, err := b.copy(e, depth+1)
			if err != nil {
				return nil, err
			}
			m[k] = c
		}
		return m, nil
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			c, err := b.copy(e, depth+1)
			if err != nil {
				return nil, err
			}
			l[i] = c
		}
		return l, nil
	}
	return v, nil
}

// mostRepeated bounds what one reference may stand for, written out. What is an
// object or an enum is named instead, and so counts one.
const mostRepeated = 100_000

// extent is what a schema takes, written out.
type extent struct{ size, depth int }

// extents measures what the references of a document stand for.
type extents struct {
	doc   Document
	known map[part]extent
	busy  map[part]bool // under way: one that leads back to itself is cut there
}

// part is what a reference leads to, of allOf or not.
type part struct {
	ref   string
	whole bool
}

// boundReferences refuses a document that is small only because its references
// repeat each other.
func (d Document) boundReferences() error {
	e := extents{d, map[part]extent{}, map[part]bool{}}
	all, err := e.measure(d.Root, 1, false)
	if err == nil && all.size > newBounds().left {
		err = errTooLarge
	}
	return err
}

func (e *extents) measure(v any, depth int, whole bool) (extent, error) {
	sum := extent{1, 1}
	m, _ := v.(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		return e.reference(ref, depth, whole)
	}
	if depth > 2*mostDeep {
		return sum, fmt.Errorf("what its references stand for is nested more than %d deep", mostDeep)
	}
	add := func(v any, whole bool) error {
		x, err := e.measure(v, depth+1, whole)
		sum.size, sum.depth = sum.size+x.size, max(sum.depth, x.depth+1)
		return err
	}
	switch v := v.(type) {
	case map[string]any:
		for k, child := range v {
			switch child.(type) {
			case map[string]any, []any:
				if k == "example" || k == "examples" {
					continue
				}
				if err := add(child, k == "allOf"); err != nil {
					return sum, err
				}
			default:
				sum.size++
			}
		}
	case []any:
		for _, child := range v {
			if err := add(child, whole); err != nil {
				return sum, err
			}
		}
	}
	return sum, nil
}

// reference is the extent of what a reference stands for: of a part of allOf that
// is everything, else objects and enums are types of their own.
func (e *extents) reference(ref string, depth int, whole bool) (extent, error) {
	key := part{ref, whole}
	tooDeep := func() error {
		return fmt.Errorf("what the reference %q stands for is nested more than %d deep", shorten(ref), mostDeep)
	}
	if depth > 2*mostDeep {
		return extent{1, 1}, tooDeep()
	}
	x, ok := e.known[key]
	if !ok {
		v, _ := e.doc.Lookup(ref)
		s := Object(v)
		if x = (extent{1, 1}); !e.busy[key] && (whole || !e.doc.IsObject(s) && len(Values(s)) == 0) {
			e.busy[key] = true
			var err error
			if x, err = e.measure(s, depth+1, whole); err != nil {
				return x, err
			}
			delete(e.busy, key)
		}
		if !e.busy[key] {
			e.known[key] = x
		}
	}
	if x.size > mostRepeated {
		return x, fmt.Errorf("the reference %q stands for more than %d values: what it leads to repeats what that refers to", shorten(ref), mostRepeated)
	}
	if depth+x.depth > 2*mostDeep {
		return x, tooDeep()
	}
	return x, nil
}
