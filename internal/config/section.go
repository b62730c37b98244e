package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// position is a place in the file, from 1.
type position struct{ line, column int }

func place(n *yaml.Node) position { return position{n.Line, n.Column} }

// value is what the file says for one key or one element of a list.
type value struct {
	path string     // such as servers.broker.port
	node *yaml.Node // with aliases followed; nil: nothing is said
	at   position   // of its key (of the element, in a list), or of the merge key that brought it
	site position   // of the value itself, or of the alias or merge key that brought it
}

func (v value) set() bool { return v.node != nil }

func (v value) null() bool { return v.set() && v.node.ShortTag() == "!!null" }

// decoder walks the nodes of one file and gathers what is wrong with them.
type decoder struct {
	file     string // as the user gave it
	dir      string // absolute folder of the file
	problems []Problem
	others   []Problem             // in the files that this one names
	where    map[string]position   // path -> place, for the checks across sections
	unset    map[*yaml.Node]bool   // values whose variables have none
	written  map[*yaml.Node]string // values with variables, as the file has them
	envFile  string                // absolute, of every process; "" is none
	auto     bool                  // nobody has to say a port
	budget   int                   // entries that merge keys may still bring
	merging  int                   // depth of merge keys being followed
	asked    *recorder             // what is asked for, for Schema; nil otherwise

	// For Source alone.
	refers bool
	said   []Key
	broken map[*yaml.Node]error // values whose variables cannot be filled in
}

// report notes a problem with a value, at its content.
func (d *decoder) report(v value, format string, args ...any) {
	d.suggest(v, "", format, args...)
}

// suggest notes a problem with a value and what was probably meant.
func (d *decoder) suggest(v value, suggestion, format string, args ...any) {
	at := v.at
	if v.node != nil && v.node.Line > 0 {
		at = place(v.node)
	}
	message := fmt.Sprintf(format, args...)
	if written, filledIn := d.written[v.node]; filledIn { // what a variable holds may be a secret
		message = strings.ReplaceAll(message, tick(v.node.Value), tick(written))
		suggestion = ""
	}
	d.reportAt(at, suggestion, "%s", message)
}

func (d *decoder) reportAt(at position, suggestion, format string, args ...any) {
	d.problems = append(d.problems, Problem{
		File: d.file, Line: max(at.line, 1), Column: max(at.column, 1),
		Message: fmt.Sprintf(format, args...), Suggestion: suggestion,
	})
}

// mark remembers the place of a value for a check that comes later.
func (d *decoder) mark(v value) value {
	if v.set() {
		d.where[v.path] = v.site
	}
	return v
}

// place returns where a path is mentioned, or else the section around it.
func (d *decoder) place(path string) position {
	for path != "" {
		if at, ok := d.where[path]; ok {
			return at
		}
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
	return position{1, 1}
}

// entry is one key of a mapping with its value.
type entry struct {
	key string
	at  position // of the key
	value
}

// section is a mapping of which the keys are known.
type section struct {
	d       *decoder
	path    string
	at      position
	entries map[string]entry
	known   []string
	lacking []string // required keys that are not there
}

// section reads v as a mapping; nothing (or null) is an empty one. Call
// finish when every key was asked for.
func (d *decoder) section(v value) *section {
	d.asked.section(v)
	s := &section{d: d, path: v.path, at: v.at, entries: map[string]entry{}}
	if v.set() {
		d.where[v.path] = v.at
	}
	for _, e := range d.mapping(v) {
		s.entries[e.key] = e
		d.say(e)
	}
	return s
}

// field returns what the section says for a key.
func (s *section) field(key string) value {
	if !slices.Contains(s.known, key) {
		s.known = append(s.known, key)
	}
	if e, ok := s.entries[key]; ok {
		return e.value
	}
	return value{path: join(s.path, key), at: s.at, site: s.at}
}

// required is field for a key that must be there.
func (s *section) required(key string) value {
	s.needs(key)
	return s.field(key)
}

// needs notes a key that must be there.
func (s *section) needs(key string) {
	s.d.asked.needs(s.path, key)
	if !s.entries[key].set() {
		s.lacking = append(s.lacking, key)
	}
}

// extension begins Compose's place for anchors: top-level keys that are not read.
const extension = "x-"

// finish reports the keys that nobody asked for, and those that are missing
// unless one of the former was probably meant.
func (s *section) finish() {
	meant := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(s.entries)) {
		anchors := s.path == "" && len(key) > len(extension) && strings.HasPrefix(key, extension)
		if anchors || slices.Contains(s.known, key) {
			continue
		}
		e := s.entries[key]
		where := ""
		if s.path != "" {
			where = " in " + s.path
		}
		suggestion := Nearest(key, s.known)
		if suggestion == "" {
			s.d.reportAt(e.at, "", "unknown key %s%s: known are %s", tick(key), where, list(s.known))
			continue
		}
		meant[suggestion] = true
		s.d.reportAt(e.at, suggestion, "unknown key %s%s", tick(key), where)
	}
	for _, key := range s.lacking {
		if !meant[key] {
			s.d.reportAt(s.at, "", "%s is missing", join(s.path, key))
		}
	}
}

// join makes the path of a key, as messages show it.
func join(path, key string) string {
	key = shown(key)
	if path == "" {
		return key
	}
	return path + "." + key
}

// named is mapping for one whose keys are names that the file gives.
func (d *decoder) named(v value, of grammar) []entry {
	if d.asked != nil {
		d.asked.names(v, of)
		if !v.set() {
			return []entry{{key: "name", value: value{path: join(v.path, "name")}}}
		}
	}
	return d.mapping(v)
}

// mapping returns the entries of a mapping in the order of the file, those of
// merge keys behind. The mapping's own keys win over merged ones, and earlier
// merges over later ones (yaml.org/type/merge.html).
func (d *decoder) mapping(v value) []entry {
	if !v.set() || v.null() {
		return nil
	}
	if v.node.Kind != yaml.MappingNode {
		d.report(v, "%s must be a mapping of keys to values, not %s", name(v.path), describe(v.node))
		return nil
	}
	if tag := v.node.ShortTag(); tag != "!!map" {
		d.report(v, "%s has the tag %s, which is not supported", name(v.path), tick(tag))
		return nil
	}
	entries, merges := d.ownEntries(v)
	if len(merges) == 0 {
		return entries
	}
	seen := make(map[string]bool, len(entries))
	for _, e := range entries {
		seen[e.key] = true
	}
	for _, m := range merges {
		for _, e := range d.merged(m) {
			if !seen[e.key] {
				seen[e.key] = true
				e.at, e.value.at, e.value.site = m.at, m.at, m.at
				entries = append(entries, e)
			}
		}
	}
	return entries
}

// ownEntries returns what stands in the mapping itself and the values of its
// merge keys.
func (d *decoder) ownEntries(v value) (entries []entry, merges []value) {
	first := make(map[string]int, len(v.node.Content)/2)
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		k := v.node.Content[i]
		at := place(k)
		k, _ = follow(k)
		if k.Kind != yaml.ScalarNode || k.ShortTag() == "!!null" {
			d.reportAt(at, "", "a key in %s must be a word, not %s", name(v.path), describe(k))
			continue
		}
		node, ok := follow(v.node.Content[i+1])
		child := value{path: join(v.path, k.Value), node: node, at: at, site: place(v.node.Content[i+1])}
		if !ok {
			d.reportAt(child.site, "", "%s is an alias of itself", child.path)
			continue
		}
		if k.ShortTag() == "!!merge" {
			merges = append(merges, child)
			continue
		}
		if line, twice := first[k.Value]; twice {
			d.reportAt(at, "", "%s is set a second time, after line %d", child.path, line)
			continue
		}
		first[k.Value] = at.line
		entries = append(entries, entry{key: k.Value, at: at, value: child})
	}
	return entries, merges
}

// merged returns the entries that the value of a merge key brings: those of a
// mapping or of a list of mappings.
func (d *decoder) merged(m value) []entry {
	const mostDeep = 20
	parent := m.path[:len(m.path)-len("<<")]
	if parent != "" {
		parent = parent[:len(parent)-1]
	}
	if d.merging >= mostDeep {
		d.report(m, "merge keys in %s nest too deep, or an anchor merges itself", name(parent))
		return nil
	}
	d.merging++
	defer func() { d.merging-- }()
	sources := []*yaml.Node{m.node}
	if m.node.Kind == yaml.SequenceNode {
		sources = m.node.Content
	}
	var entries []entry
	seen := map[string]bool{}
	for _, n := range sources {
		if d.budget--; d.budget < 0 {
			break
		}
		n, _ = follow(n)
		if n == nil || n.Kind != yaml.MappingNode {
			d.report(m, "a merge key in %s must name a mapping or a list of mappings", name(parent))
			return entries
		}
		for _, e := range d.mapping(value{path: parent, node: n, at: m.at, site: m.at}) {
			d.budget--
			if !seen[e.key] {
				seen[e.key] = true
				entries = append(entries, e)
			}
		}
	}
	return entries
}

// follow returns what an alias stands for.
func follow(n *yaml.Node) (*yaml.Node, bool) {
	for range 10 {
		if n == nil || n.Kind != yaml.AliasNode {
			return n, n != nil
		}
		n = n.Alias
	}
	return nil, false
}
