package config

import (
	"encoding/json"
	"slices"
	"strings"
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

func (s *schema) between(low, high int) { s.Minimum, s.Maximum = &low, &high }

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
