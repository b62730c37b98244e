// Package apidoc reads documents that describe an API, OpenAPI and AsyncAPI
// alike: it resolves their references, smooths over what versions say
// differently, and compares them by meaning, operation by operation. It knows
// nothing of the programs that write documents, nor of the clients that are made
// from them.
package apidoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Kind tells what a document describes.
type Kind string

// The kinds of documents.
const (
	OpenAPI  Kind = "openapi"
	AsyncAPI Kind = "asyncapi"
)

// Document is one OpenAPI or AsyncAPI document. Its tree consists of
// map[string]any, []any, string, json.Number, bool and nil.
type Document struct {
	Kind    Kind
	Version string // such as 3.1.0
	Root    map[string]any
	File    string // that it was loaded from, or ""
}

// ErrIncomplete says that a text ends or breaks in the middle, as it does
// while a program is still writing it.
var ErrIncomplete = errors.New("not a whole document")

// Parse reads a JSON or YAML document. A text that is neither whole nor well
// formed gives an error that wraps ErrIncomplete.
func Parse(data []byte) (Document, error) {
	root, err := parseTree(data)
	if err != nil {
		return Document{}, err
	}
	return identify(root)
}

func identify(root map[string]any) (Document, error) {
	for _, kind := range []Kind{OpenAPI, AsyncAPI} {
		switch v := root[string(kind)].(type) {
		case string:
			return Document{Kind: kind, Version: v, Root: root}, nil
		case json.Number:
			return Document{Kind: kind, Version: v.String(), Root: root}, nil
		}
	}
	if v, ok := root["swagger"].(string); ok {
		return Document{}, fmt.Errorf("swagger %s is not supported: convert the document to OpenAPI 3", v)
	}
	return Document{}, errors.New(`neither an OpenAPI nor an AsyncAPI document: it has no "openapi" or "asyncapi" field`)
}

func parseTree(data []byte) (map[string]any, error) {
	trimmed := trim(data)
	if len(trimmed) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrIncomplete)
	}
	var v any
	if trimmed[0] == '{' || trimmed[0] == '[' {
		d := json.NewDecoder(bytes.NewReader(trimmed))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			return nil, fmt.Errorf("%w: %s", ErrIncomplete, jsonPlace(trimmed, err))
		}
		if _, err := d.Token(); err != io.EOF {
			return nil, fmt.Errorf("%w: more text after the end", ErrIncomplete)
		}
	} else {
		if err := yaml.Unmarshal(trimmed, &v); err != nil {
			return nil, fmt.Errorf("%w: %s", ErrIncomplete, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		v = clone(v)
	}
	root, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the document is not an object")
	}
	return root, nil
}

// trim drops blanks around a text, and the byte order mark before it.
func trim(data []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
}

// jsonPlace turns a decoder's error into line:column: what.
func jsonPlace(data []byte, err error) string {
	offset := int64(len(data))
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = min(syntax.Offset, offset)
	}
	before := data[:offset]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Sprintf("line %d: it ends too early", line)
	}
	return fmt.Sprintf("line %d, column %d: %s", line, max(column-1, 1), err)
}

// clone copies a tree. One that came from YAML becomes what JSON would have
// given.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = clone(e)
		}
		return m
	case map[any]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[fmt.Sprint(k)] = clone(e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = clone(e)
		}
		return l
	case int:
		return json.Number(strconv.Itoa(v))
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64))
	case nil, string, bool, json.Number:
		return v
	}
	return fmt.Sprint(v)
}

// Load reads the document in a file, with references to other files bundled
// into its components.
func Load(file string) (Document, error) {
	data, err := readFile(file)
	if err != nil {
		return Document{}, err
	}
	d, err := Parse(data)
	if err != nil {
		return Document{}, fmt.Errorf("%s: %w", file, err)
	}
	if err := bundle(&d, file); err != nil {
		return Document{}, fmt.Errorf("%s: %w", file, err)
	}
	d.File = file
	return d, nil
}

// mostMegabytes bounds a file that is read; GitHub's whole API is 13 MB.
const mostMegabytes = 32

func readFile(file string) ([]byte, error) {
	if st, err := os.Stat(file); err == nil && st.Size() > mostMegabytes<<20 {
		return nil, fmt.Errorf("%s is larger than %d MB", file, mostMegabytes)
	}
	return os.ReadFile(file)
}

// Canonical is the document as JSON with its keys in order, indented by two
// spaces: the same document gives the same bytes.
func (d Document) Canonical() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d.Root); err != nil {
		panic("apidoc: encoding a parsed document: " + err.Error()) // trees hold nothing else than JSON
	}
	return b.Bytes()
}

// Equal tells whether two documents mean the same: neither the order of keys
// nor that of "required" counts, nor how a number is written.
func (d Document) Equal(o Document) bool {
	return d.Kind == o.Kind && meansSame(d.Root, o.Root, "")
}

func meansSame(a, b any, key string) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !meansSame(v, w, k) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		if key == "required" {
			return sameSet(a, b)
		}
		for i := range a {
			if !meansSame(a[i], b[i], "") {
				return false
			}
		}
		return true
	case json.Number:
		b, ok := b.(json.Number)
		return ok && sameNumber(a, b)
	}
	return a == b
}

func sameSet(a, b []any) bool {
	x, y := Texts(a), Texts(b)
	slices.Sort(x)
	slices.Sort(y)
	return len(x) == len(a) && len(y) == len(b) && slices.Equal(x, y)
}

func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	_, errA := a.Int64()
	_, errB := b.Int64()
	if errA == nil && errB == nil {
		return false // different integers, maybe too large for a float to tell
	}
	x, errA := a.Float64()
	y, errB := b.Float64()
	return errA == nil && errB == nil && x == y
}
