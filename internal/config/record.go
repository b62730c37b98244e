package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"muster/internal/local"
)

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
