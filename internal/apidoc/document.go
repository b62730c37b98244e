// Package apidoc reads documents that describe an API, OpenAPI and AsyncAPI
// alike: it resolves their references, smooths over what versions say
// differently, and compares them by meaning, operation by operation. It knows
// nothing of the programs that write documents, nor of the clients that are made
// from them.
package apidoc

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf16"
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
// formed gives an error that wraps ErrIncomplete; one that is larger, or nested
// deeper, than anybody writes gives another.
func Parse(data []byte) (Document, error) {
	root, err := parseTree(data, newBounds())
	if err != nil {
		return Document{}, err
	}
	d, err := identify(root)
	if err != nil {
		return Document{}, err
	}
	return d, d.boundReferences()
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

func parseTree(data []byte, b *bounds) (map[string]any, error) {
	data = utf8Text(data)
	start := bytes.TrimSpace(data)
	if len(start) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrIncomplete)
	}
	read := readYAML
	if start[0] == '{' || start[0] == '[' {
		read = readJSON
	}
	v, err := read(data, b)
	if err != nil {
		return nil, err
	}
	root, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the document is not an object")
	}
	return root, nil
}

// utf8Text is a text without its byte order mark. One in UTF-16, as PowerShell
// redirects, becomes UTF-8.
func utf8Text(data []byte) []byte {
	for mark, order := range map[string]binary.ByteOrder{"\xff\xfe": binary.LittleEndian, "\xfe\xff": binary.BigEndian} {
		if !bytes.HasPrefix(data, []byte(mark)) {
			continue
		}
		var units []uint16
		for rest := data[2:]; len(rest) > 1; rest = rest[2:] {
			units = append(units, order.Uint16(rest))
		}
		return []byte(string(utf16.Decode(units)))
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
}

// Load reads the document in a file, with references to other files of its
// folder bundled into it.
func Load(file string) (Document, error) { return LoadWithin(filepath.Dir(file), file) }

// LoadWithin is Load for a file of a folder whose documents share what they refer
// to. Nothing outside of the folder is read for it.
func LoadWithin(folder, file string) (Document, error) {
	data, err := readFile(file)
	if err != nil {
		return Document{}, err
	}
	b := newBounds()
	root, err := parseTree(data, b)
	var d Document
	if err == nil {
		d, err = identify(root)
	}
	if err == nil {
		err = bundle(&d, folder, file, b)
	}
	if err == nil {
		err = d.boundReferences()
	}
	if err != nil {
		return Document{}, fmt.Errorf("%s: %w", file, err)
	}
	d.File = file
	return d, nil
}

// mostMegabytes bounds a file that is read; GitHub's whole API is 13 MB.
const mostMegabytes = 32

// readFile reads a file that a person named, or that the folder has.
func readFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f)
}

func readBounded(f *os.File) ([]byte, error) {
	const most = mostMegabytes << 20
	var b bytes.Buffer
	if st, err := f.Stat(); err == nil {
		b.Grow(int(min(st.Size(), most)) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(f, most+1))
	if b.Len() > most {
		return nil, fmt.Errorf("%s is larger than %d MB", f.Name(), mostMegabytes)
	}
	return b.Bytes(), err
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
		if key == "required" && sameSet(a, b) {
			return true
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
