package apidoc

import (
	"fmt"
	"maps"
	"regexp"
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
		// What breaks a client is what somebody looks for.
		shown = slices.Clone(shown)
		slices.SortStableFunc(shown, func(a, b string) int { return rank(a) - rank(b) })
		shown = append(shown[:most:most], fmt.Sprintf("and %d more", len(c.Details)-most))
	}
	return s + ": " + strings.Join(shown, ", ")
}

const breakingMark = " (breaking)"

func rank(detail string) int {
	if strings.HasSuffix(detail, breakingMark) {
		return 0
	}
	return 1
}

// Diff tells what differs between two documents, operation by operation, in
// order. An operation of only one of them is added or removed whole. Any
// difference inside an operation gives a change: what no rule judges is told by
// its place, and only what is said to people alone does not count (descriptions,
// summaries, titles, tags, examples and extensions).
func Diff(old, new Document) []Change {
	if old.Equal(new) {
		return nil
	}
	a, b := old.described(), new.described()
	pairLabels(a, b)
	var all []Change
	same := sameSchemas(old, new)
	before, after := newForms(old), newForms(new)
	for _, label := range allKeys(a, b) {
		x, inOld := a[label]
		y, inNew := b[label]
		if x.aside != nil && !inNew || y.aside != nil && !inOld {
			continue // its operations tell
		}
		switch {
		case !inOld:
			all = append(all, Change{Verb: Added, Operation: label})
		case !inNew:
			all = append(all, Change{Verb: Removed, Operation: label, Breaking: true})
		default:
			c := comparison{old: before, new: after, same: same, seen: map[string]bool{}}
			c.described(withoutTold(x, a, b), withoutTold(y, a, b))
			if len(c.details) > 0 {
				all = append(all, Change{Changed, label, c.breaking, c.details})
			}
		}
	}
	return all
}

// described is what a diff names: an operation, a message, or what stands
// beside those.
type described struct {
	op    *Operation
	msg   *Message
	in    bool           // the message, or the request's body, goes to the server
	rest  map[string]any // of a path or channel: what belongs to none of its operations
	aside map[string]any // the same, where an operation tells that it came or went
	// labels are those of the messages that each of a channel's operations brings.
	labels map[string][]string
}

// Count counts the operations of an API, or the messages of its WebSockets.
func (d Document) Count() int {
	n := 0
	for _, e := range d.described() {
		if e.msg != nil || e.op != nil && e.in {
			n++
		}
	}
	return n
}

func (d Document) described() map[string]described {
	all := map[string]described{}
	if d.Kind != OpenAPI {
		d.describeChannels(all)
		return all
	}
	for _, o := range d.Operations() {
		all[o.Label()] = described{op: &o, in: true}
	}
	paths := Object(d.Root["paths"])
	for path := range paths {
		item, _ := d.Deref(paths[path])
		if !isAnnotation(path) {
			all["path "+path] = described{aside: without(item, slices.Concat(methods[:], []string{"parameters", "servers"})...)}
		}
	}
	// What the server asks of a client goes the other way.
	hooks := Object(d.Root["webhooks"])
	for name := range hooks {
		for _, o := range d.operationsOf(name, hooks[name]) {
			all[o.Method+" webhook "+name] = described{op: &o}
		}
	}
	return all
}

// operationsOf are the operations of one path item.
func (d Document) operationsOf(path string, v any) []Operation {
	item, _ := d.Deref(v)
	var all []Operation
	for _, method := range methods {
		if raw, _ := d.Deref(item[method]); raw != nil {
			all = append(all, Operation{Method: strings.ToUpper(method), Path: path, ID: Text(raw["operationId"]), Raw: raw, Params: d.parameters(item, raw)})
		}
	}
	return all
}

var pathParameter = regexp.MustCompile(`\{[^{}/]*\}`)

// pairLabels gives the old operations the new one's label whose path differs
// only in the names of its parameters: nobody sends those.
func pairLabels(a, b map[string]described) {
	erased := map[string]string{}
	for _, label := range slices.Sorted(maps.Keys(b)) {
		if _, known := a[label]; !known {
			erased[pathParameter.ReplaceAllString(label, "{}")] = label
		}
	}
	for _, label := range slices.Sorted(maps.Keys(a)) {
		key := pathParameter.ReplaceAllString(label, "{}")
		to, ok := erased[key]
		if _, known := b[label]; known || !ok {
			continue
		}
		a[to] = a[label]
		delete(a, label)
		delete(erased, key)
	}
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
	old, new *forms
	details  []string
	breaking bool
	within   string          // the part of the operation that details are told of, such as a callback
	unjudged int             // while above 0, nothing is breaking
	same     map[string]bool // see sameSchemas
	seen     map[string]bool // pairs of schemas that are, or were, compared
}

func (c *comparison) note(breaking bool, format string, args ...any) {
	s := c.within + fmt.Sprintf(format, args...)
	if breaking && c.unjudged == 0 {
		c.breaking = true
		s += breakingMark
	}
	if !slices.Contains(c.details, s) {
		c.details = append(c.details, s)
	}
}

// unless runs a comparison that judges nothing where a condition holds.
func (c *comparison) unless(condition bool, compare func()) {
	if condition {
		c.unjudged++
		defer func() { c.unjudged-- }()
	}
	compare()
}

func (c *comparison) described(x, y described) {
	switch {
	case x.op != nil:
		c.operation(x.op, y.op, x.in)
	case x.msg != nil:
		c.message(x.msg, y.msg, x.in)
	default:
		c.rest("", pick(x.rest, x.aside), pick(y.rest, y.aside))
	}
}

func pick(a, b map[string]any) map[string]any {
	if a != nil {
		return a
	}
	return b
}
