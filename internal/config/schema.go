package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"muster/internal/local"
)

// A schema is one of JSON Schema, draft 07: that is the draft which the editors'
// YAML server knows in every version, and which it reads a schema by that names none.
// Most keywords hold for one type alone, so that the forms of a value lie side by
// side: an editor then names the mistake itself, which it cannot where it had to
// choose among alternatives.
type schema struct {
	Draft       string `json:"$schema,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`

	Type    types     `json:"type,omitempty"`
	Default any       `json:"default,omitempty"`
	Enum    []string  `json:"enum,omitempty"`
	AnyOf   []*schema `json:"anyOf,omitempty"`
	Not     *schema   `json:"not,omitempty"`

	Minimum   *int   `json:"minimum,omitempty"`
	Maximum   *int   `json:"maximum,omitempty"`
	MinLength int    `json:"minLength,omitempty"`
	Pattern   string `json:"pattern,omitempty"`
	Mismatch  string `json:"patternErrorMessage,omitempty"` // for editors

	Items    *schema `json:"items,omitempty"`
	MinItems int     `json:"minItems,omitempty"`
	Unique   bool    `json:"uniqueItems,omitempty"`

	Required   []string           `json:"required,omitempty"`
	Properties map[string]*schema `json:"properties,omitempty"`
	Patterns   map[string]*schema `json:"patternProperties,omitempty"`
	Names      *schema            `json:"propertyNames,omitempty"`
	Others     any                `json:"additionalProperties,omitempty"` // false, or the *schema of whatever has a name

	If   *schema `json:"if,omitempty"`
	Then *schema `json:"then,omitempty"`

	asked  bool           // for its default
	bounds string         // of the value, for the description
	runs   int            // that looked for keys, a bit each
	needed map[string]int // key -> runs that needed it
}

// types are those that a value can have.
type types []string

// MarshalJSON writes one as a word, several as a list.
func (t types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// samples are files of which the decoder looks at every key, in every form that a key
// can have, or have none. Settings that other defaults hang on differ: such a default is none.
var samples = [...]string{`
nginx: null
backend: {dir: b, app: "b:b"}
servers: {a: {paths: [/a, {}], depends_on: {a: null}, build: {}}}
workers: {a: {depends_on: {a: null}, build: {}}}
tasks: {a: {depends_on: {a: null}, build: {}}}
frontends: {a: {command: x, depends_on: {a: null}, build: {}}}
frontend: {dir: w, command: x, depends_on: {a: null}, build: {}}
websocket_routes: {a: a}
specs: {python: null, typescript: null}
`, `
ports: auto
nginx: null
dashboard: false
frontends: {a: {command: x}}
frontend: {command: x}
specs: {python: null, typescript: [{}]}
`, `
{}
`}

// Modeline is the first line of a configuration file, by which an editor finds the
// schema: relative to the file.
const Modeline = "# yaml-language-server: $schema=.local/" + local.SchemaName + "\n"

// Schema is the JSON schema of the configuration file. It is made of what the decoder
// asks for: a key, a type, a bound or a default that one of them has, the other has.
func Schema() []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "\t")
	if err := encoder.Encode(recorded()); err != nil {
		panic(err) // of nothing but texts and numbers
	}
	return out.Bytes()
}

// recorded is what the decoder asks for of the samples.
func recorded() *schema {
	r := &recorder{root: &schema{Draft: "http://json-schema.org/draft-07/schema#", Title: "dev-config.yaml of muster"}}
	for i, sample := range samples {
		r.run = 1 << i
		d := &decoder{dir: string(filepath.Separator), where: map[string]position{}, budget: 1000, asked: r}
		root, _ := parseTree([]byte(sample))
		d.config(value{node: root})
	}
	r.root.Patterns = map[string]*schema{"^" + extension + ".": {}}
	r.root.finish("")
	r.root.If = &schema{Properties: map[string]*schema{"ports": {Enum: []string{"fixed"}}}}
	r.root.Then = r.root.unlessAuto()
	r.root.Type = types{"object"} // a file says something
	return r.root
}

// recorder notes what the decoder asks for. A nil one, as in all other use, does nothing.
type recorder struct {
	root *schema
	run  int // the bit of the sample
}

// at is the schema of the value at a path.
func (r *recorder) at(path string) *schema {
	s := r.root
	for part := range strings.FieldsFuncSeq(path, func(c rune) bool { return c == '.' || c == '[' }) {
		next, known := s.Properties[part]
		switch {
		case part[len(part)-1] == ']':
			next = s.Items
		case s.Names != nil:
			next, _ = s.Others.(*schema)
		case !known:
			next = &schema{}
			s.Properties[part] = next
		}
		s = next
	}
	return s
}

func (s *schema) may(types ...string) {
	for _, t := range types {
		if !slices.Contains(s.Type, t) {
			s.Type = append(s.Type, t)
		}
	}
}

// usually notes a default, unless the samples have several.
func (s *schema) usually(value any) {
	switch {
	case !s.asked:
		s.Default = value
	case s.Default != value:
		s.Default = nil
	}
	s.asked = true
}

// variable is in a text that is not itself what is meant.
const variable = `\$\{`

// unlessVariable is of a value of another type, or of a form of its own.
func (s *schema) unlessVariable(pattern, expected string) {
	s.may("string")
	s.Mismatch = "must be " + expected
	s.Pattern = variable
	if pattern != "" {
		s.Pattern = pattern + "|" + variable
	}
}

func (r *recorder) text(v value, usual, expected string, of grammar) {
	if r == nil {
		return
	}
	s := r.at(v.path)
	if usual != "" {
		s.usually(usual)
	}
	s.unlessVariable(of.pattern, expected)
}

func (r *recorder) word(v value, usual, expected string, of grammar) {
	if r == nil {
		return
	}
	r.text(v, usual, expected, of)
	s := r.at(v.path)
	if of.most == 0 {
		s.may("number")
		return
	}
	s.may("integer")
	s.between(1, of.most)
}

func (s *schema) between(low, high int) { s.Minimum, s.Maximum = &low, &high }

func (r *recorder) choice(v value, usual string, choices []string) {
	if r == nil {
		return
	}
	s := r.at(v.path)
	if usual != "" {
		s.usually(usual)
	}
	s.AnyOf = []*schema{{Type: types{"string"}, Enum: choices}, {Type: types{"string"}, Pattern: variable}}
}

func (r *recorder) boolean(v value, usual bool) {
	if r == nil {
		return
	}
	s := r.at(v.path)
	s.usually(usual)
	s.may("boolean")
	s.unlessVariable("", "true or false")
}

// varies notes that a default hangs on what no sample shows.
func (r *recorder) varies(v value) {
	if r != nil {
		r.at(v.path).Default = nil
	}
}

func (r *recorder) integer(v value, usual, low, high int) {
	if r == nil {
		return
	}
	s := r.at(v.path)
	if usual >= low {
		s.usually(usual)
	}
	s.may("integer")
	s.between(low, high)
	s.bounds = fmt.Sprintf("%d to %d", low, high)
	s.unlessVariable("", "a whole number, without quotes")
}

func (r *recorder) duration(v value, usual, low, high time.Duration, expected string) {
	if r == nil {
		return
	}
	s := r.at(v.path)
	s.usually(usual.String())
	s.bounds = low.String() + " to " + high.String()
	s.unlessVariable(`^[+]?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`, expected)
}

func (r *recorder) size(v value, usual, low, high int64, expected string) {
	if r == nil {
		return
	}
	s := r.at(v.path)
	s.usually(formatSize(usual))
	s.bounds = formatSize(low) + " to " + formatSize(high) + ", or 0"
	s.may("integer")
	s.between(0, 0)
	s.unlessVariable(`^0$|^[0-9]+ *([KMGkmg][Ii]?)?[Bb]$`, expected)
}

// path notes the default of a path, which lies below the folder of the file.
func (r *recorder) path(v value, usual, dir string) {
	if r == nil {
		return
	}
	if rel, err := filepath.Rel(dir, usual); usual != "" && err == nil {
		r.at(v.path).usually(rel)
	}
}

// words notes a command, or arguments: a list of words, or a text.
func (r *recorder) words(v value, least int) {
	if r == nil {
		return
	}
	s := r.at(v.path)
	s.may("string")
	s.MinLength = least
	r.list(v)
	s.MinItems = least
	s.Items.may("string", "number", "boolean")
}

func (r *recorder) list(v value) {
	s := r.at(v.path)
	s.may("array")
	if s.Items == nil {
		s.Items = &schema{}
	}
}

// once notes that a list has each element once, some that it has any.
func (r *recorder) once(v value) {
	if r != nil {
		r.at(v.path).Unique = true
	}
}

func (r *recorder) some(v value) {
	if r != nil {
		r.at(v.path).MinItems = 1
	}
}

// mapping notes one. The samples have it where it cannot be left empty.
func (r *recorder) mapping(v value) *schema {
	s := r.at(v.path)
	s.may("object")
	if !v.set() || v.null() {
		s.may("null")
	}
	return s
}

func (r *recorder) section(v value) {
	if r == nil {
		return
	}
	s := r.mapping(v)
	if s.runs |= r.run; s.Properties == nil {
		s.Properties, s.needed, s.Others = map[string]*schema{}, map[string]int{}, false
	}
}

func (r *recorder) needs(section, key string) {
	if r != nil {
		r.at(section).needed[key] |= r.run
	}
}

// names notes a mapping whose keys are names that the file gives.
func (r *recorder) names(v value, of grammar) {
	s := r.mapping(v)
	if s.Names != nil {
		return
	}
	s.Names, s.Others = &schema{Pattern: of.pattern, Mismatch: of.check("").Error()}, &schema{}
	if of.never != nil {
		s.Names.Not = &schema{Enum: of.never}
	}
}

func (r *recorder) env(v value) {
	if r == nil {
		return
	}
	r.names(v, anIdentifier)
	r.at(v.path+".NAME").may("string", "number", "boolean")
}

// inner are the schemas of what lies in a value: by key, "*" for whatever has a name,
// "[]" for an element.
func (s *schema) inner(yield func(string, *schema) bool) {
	for key, p := range s.Properties {
		if !yield(key, p) {
			return
		}
	}
	if other, ok := s.Others.(*schema); ok && !yield("*", other) {
		return
	}
	if s.Items != nil {
		yield("[]", s.Items)
	}
}

// finish says of each key what it is for, and which ones must be there.
func (s *schema) finish(path string) {
	for key, needed := range s.needed {
		if needed == s.runs {
			s.Required = append(s.Required, key)
		}
	}
	slices.Sort(s.Required)
	if s.Required != nil {
		s.Type = slices.DeleteFunc(s.Type, func(t string) bool { return t == "null" })
	}
	for key, p := range s.inner {
		at := strings.TrimPrefix(path+"."+key, ".")
		p.finish(at)
		if _, one := s.Properties[key]; one {
			p.Description = description(at)
			if slices.Contains(s.Required, key) {
				p.Default = nil
			}
			if p.bounds != "" {
				p.Description = strings.TrimSuffix(p.Description, ".") + ": " + p.bounds + "."
			}
		}
	}
}

// unlessAuto is what must be there besides where muster chooses no ports; nil is nothing.
func (s *schema) unlessAuto() *schema {
	then := schema{}
	for key, needed := range s.needed {
		if needed != s.runs {
			then.Required = append(then.Required, key)
		}
	}
	slices.Sort(then.Required)
	for key, p := range s.inner {
		of := p.unlessAuto()
		switch {
		case of == nil || key == "[]":
		case key == "*":
			then.Others = of
		default:
			if then.Properties == nil {
				then.Properties = map[string]*schema{}
			}
			then.Properties[key] = of
		}
	}
	if then.Required != nil {
		then.Type = types{"object"}
	}
	if then.Required == nil && then.Properties == nil && then.Others == nil {
		return nil
	}
	return &then
}

// description is what a key is for.
func description(path string) string {
	of := path
	for _, kind := range []string{"servers.*.", "workers.*.", "tasks.*.", "frontends.*.", "frontend."} {
		if key, ok := strings.CutPrefix(path, kind); ok {
			of = "process." + key
		}
	}
	general := ""
	for _, d := range descriptions {
		switch d.path {
		case path:
			return d.text
		case of:
			general = d.text
		}
	}
	return general
}
