package apidoc

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Verb is what happened to an operation.
type Verb string

// What can happen to an operation.
const (
	Added   Verb = "added"
	Removed Verb = "removed"
	Changed Verb = "changed"
)

// Change is one operation that differs between two documents.
type Change struct {
	Verb      Verb     `json:"verb"`
	Operation string   `json:"operation"` // such as GET /orders, or send bars.update
	Breaking  bool     `json:"breaking"`  // a client of the old document may fail
	Details   []string `json:"details,omitempty"`
}

// String is the change on one line.
func (c Change) String() string {
	s := fmt.Sprintf("%s %s", c.Verb, c.Operation)
	if c.Breaking {
		s += " (breaking)"
	}
	if len(c.Details) == 0 {
		return s
	}
	const most = 4 // more would not be read
	shown := c.Details
	if len(shown) > most {
		shown = append(append([]string{}, shown[:most]...), fmt.Sprintf("and %d more", len(c.Details)-most))
	}
	return s + ": " + strings.Join(shown, ", ")
}

// Diff tells what differs between two documents, operation by operation, in
// order. An operation of only one of them is added or removed whole.
func Diff(old, new Document) []Change {
	if old.Equal(new) {
		return nil
	}
	a, b := old.described(), new.described()
	var all []Change
	same := sameSchemas(old, new)
	for _, label := range allKeys(a, b) {
		x, inOld := a[label]
		y, inNew := b[label]
		switch {
		case !inOld:
			all = append(all, Change{Verb: Added, Operation: label})
		case !inNew:
			all = append(all, Change{Verb: Removed, Operation: label, Breaking: true})
		default:
			c := comparison{old: old, new: new, same: same, seen: map[string]bool{}}
			c.operation(x, y)
			if len(c.details) > 0 {
				all = append(all, Change{Changed, label, c.breaking, c.details})
			}
		}
	}
	return all
}

// described is an operation or message by what it is called in a diff.
type described struct {
	op  *Operation
	msg *Message
	in  bool // the message goes to the server
}

// Count counts the operations of an API, or the messages of its WebSockets.
func (d Document) Count() int { return len(d.described()) }

func (d Document) described() map[string]described {
	all := map[string]described{}
	if d.Kind == OpenAPI {
		for _, o := range d.Operations() {
			all[o.Label()] = described{op: &o}
		}
		return all
	}
	for _, c := range d.Channels() {
		for _, m := range c.Sent {
			all["receive "+m.Name+" at "+c.Address] = described{msg: &m, in: true}
		}
		for _, m := range c.Got {
			all["send "+m.Name+" at "+c.Address] = described{msg: &m}
		}
	}
	return all
}

// allKeys are the keys of either, in order.
func allKeys[V any](a, b map[string]V) []string {
	all := map[string]V{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return slices.SortedFunc(maps.Keys(all), func(x, y string) int { return strings.Compare(sortKey(x), sortKey(y)) })
}

// sortKey orders by path before method.
func sortKey(label string) string {
	verb, rest, _ := strings.Cut(label, " ")
	return rest + " " + verb
}

// comparison collects what differs between two operations.
type comparison struct {
	old, new Document
	details  []string
	breaking bool
	same     map[string]bool // see sameSchemas
	seen     map[string]bool // pairs of references under way
}

func (c *comparison) note(breaking bool, format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if breaking {
		c.breaking = true
		s += " (breaking)"
	}
	if !slices.Contains(c.details, s) {
		c.details = append(c.details, s)
	}
}

func (c *comparison) operation(x, y described) {
	if x.msg != nil {
		c.schema("payload", x.msg.Raw["payload"], y.msg.Raw["payload"], x.in)
		if x.msg.Tag != y.msg.Tag {
			c.note(true, "type is %q instead of %q", y.msg.Tag, x.msg.Tag)
		}
		return
	}
	a, b := x.op, y.op
	if a.ID != b.ID {
		c.note(true, "operationId %s is now %s", a.ID, b.ID) // it names the client's method
	}
	if True(b.Raw["deprecated"]) && !True(a.Raw["deprecated"]) {
		c.note(false, "deprecated")
	}
	c.parameters(a, b)
	c.body(a, b)
	c.responses(a, b)
}

func (c *comparison) parameters(a, b *Operation) {
	index := func(o *Operation) map[string]map[string]any {
		m := map[string]map[string]any{}
		for _, p := range o.Params {
			m[Text(p["in"])+" parameter "+Text(p["name"])] = p
		}
		return m
	}
	x, y := index(a), index(b)
	for _, key := range allKeys(x, y) {
		p, inOld := x[key]
		q, inNew := y[key]
		switch {
		case !inOld:
			required := True(q["required"])
			kind := "optional"
			if required {
				kind = "required"
			}
			c.note(required, "new %s %s", kind, key)
		case !inNew:
			c.note(true, "%s is gone", key)
		default:
			if True(q["required"]) && !True(p["required"]) {
				c.note(true, "%s is now required", key)
			} else if True(p["required"]) && !True(q["required"]) {
				c.note(false, "%s is now optional", key)
			}
			if Text(p["style"]) != Text(q["style"]) || p["explode"] != q["explode"] {
				c.note(true, "%s is written another way", key)
			}
			c.schema(key, schemaOf(p), schemaOf(q), true)
		}
	}
}

func schemaOf(p map[string]any) any {
	if m := Contents(p); len(m) > 0 {
		return m[0].Schema
	}
	return p["schema"]
}

func (c *comparison) body(a, b *Operation) {
	x, _ := c.old.Deref(a.Raw["requestBody"])
	y, _ := c.new.Deref(b.Raw["requestBody"])
	switch {
	case x == nil && y == nil:
	case x == nil:
		c.note(True(y["required"]), "takes a body now")
	case y == nil:
		c.note(true, "takes no body any more")
	default:
		if True(y["required"]) && !True(x["required"]) {
			c.note(true, "the body is now required")
		}
		c.media("body", x, y, true)
	}
}

func (c *comparison) media(what string, x, y map[string]any, in bool) {
	before, after := Object(x["content"]), Object(y["content"])
	for _, t := range allKeys(before, after) {
		p, inOld := before[t]
		q, inNew := after[t]
		switch {
		case !inOld:
			c.note(false, "%s also as %s", what, t)
		case !inNew:
			c.note(true, "%s no more as %s", what, t)
		default:
			c.schema(what, Object(p)["schema"], Object(q)["schema"], in)
		}
	}
}

func (c *comparison) responses(a, b *Operation) {
	x, y := Object(a.Raw["responses"]), Object(b.Raw["responses"])
	for _, code := range allKeys(x, y) {
		_, inOld := x[code]
		_, inNew := y[code]
		success := strings.HasPrefix(code, "2")
		switch {
		case !inOld:
			c.note(false, "new response %s", code)
		case !inNew:
			c.note(success, "response %s is gone", code)
		default:
			p, _ := c.old.Deref(x[code])
			q, _ := c.new.Deref(y[code])
			c.media("response "+code, p, q, false)
		}
	}
}
