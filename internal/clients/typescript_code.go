package clients

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// tsText is TypeScript. Text of a document gets into it by one function for each
// position that it may have: tsString, tsKey, tsName, tsNumber, tsComment, tsDoc.
// The template of the WebSocket client takes nothing else.
type tsText struct{ text string }

func (t tsText) String() string { return t.text }

// tsSyntax is what the source of the generator says: only a constant becomes one
// without saying so.
type tsSyntax string

func tsFixed(s tsSyntax) tsText { return tsText{string(s)} }

func tsJoin(all []tsText, between tsSyntax) tsText {
	var b strings.Builder
	for i, t := range all {
		if i > 0 {
			b.WriteString(string(between))
		}
		b.WriteString(t.text)
	}
	return tsText{b.String()}
}

func tsConcat(all ...tsText) tsText { return tsJoin(all, "") }

// tsString is a string literal: JSON's, with every character escaped that is not
// seen, or turns the direction of text.
func tsString(s string) tsText {
	quoted, _ := json.Marshal(s) // of a string, it cannot fail
	var b strings.Builder
	for _, r := range string(quoted) {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return tsText{b.String()}
}

// tsNumber is a number literal.
func tsNumber(n json.Number) tsText {
	data, err := json.Marshal(n) // which refuses what JSON does not have
	if err != nil {
		return tsFixed("number")
	}
	return tsText{string(data)}
}

var tsIdentifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// tsName is a name that className made.
func tsName(s string) tsText {
	if !tsIdentifier.MatchString(s) {
		panic("clients: not a name in TypeScript: " + fmt.Sprintf("%q", s))
	}
	return tsText{s}
}

// tsKey is a property's name, quoted where it is no identifier.
func tsKey(s string) tsText {
	if tsIdentifier.MatchString(s) && identifier(s, "") == s {
		return tsText{s}
	}
	return tsString(s)
}

// tsComment is a text within a comment, on one line.
func tsComment(s string) tsText { return tsText{strings.Join(commentLines(s), " ")} }

// tsDoc is the comment before a declaration; "" where there is nothing to say.
func tsDoc(s string, indent tsSyntax) tsText {
	lines := commentLines(s)
	switch len(lines) {
	case 0:
		return tsText{}
	case 1:
		return tsText{string(indent) + "/** " + lines[0] + " */\n"}
	}
	var b strings.Builder
	b.WriteString(string(indent) + "/**\n")
	for _, l := range lines {
		b.WriteString(strings.TrimRight(string(indent)+" * "+l, " ") + "\n")
	}
	return tsText{b.String() + string(indent) + " */\n"}
}

// commentLines are a text's lines, of which none ends a comment or is an order
// to the compiler. What is not seen goes first: it could stand between the
// characters that do.
func commentLines(s string) []string {
	s = strings.Map(func(r rune) rune {
		if r != '\t' && r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || r == 0xfeff) {
			return -1
		}
		return r
	}, s)
	s = strings.ReplaceAll(strings.ReplaceAll(s, "*/", "* /"), "@ts-", "@ ts-")
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// tsType is a type. A union keeps its members, so that each is in it once, and
// parentheses stand where they have to.
type tsType struct {
	members []tsText // of a union; one is the type itself
	joined  bool     // an intersection
	object  bool     // an object's body, as an interface has it
	named   bool     // other types are named in it
}

func (t tsType) code() tsText { return tsJoin(t.members, " | ") }

func tsOne(t tsText) tsType { return tsType{members: []tsText{t}} }

func tsKnown(s tsSyntax) tsType { return tsOne(tsFixed(s)) }

func tsRef(name string) tsType { return tsType{members: []tsText{tsName(name)}, named: true} }

// tsAround puts types into a type that takes some.
func tsAround(before tsSyntax, all []tsType, between, after tsSyntax) tsType {
	var inside []tsText
	out := tsType{}
	for _, t := range all {
		inside = append(inside, t.code())
		out.named = out.named || t.named
	}
	out.members = []tsText{tsConcat(tsFixed(before), tsJoin(inside, between), tsFixed(after))}
	return out
}

func tsUnion(all ...tsType) tsType {
	if len(all) == 1 {
		return all[0]
	}
	var u tsType
	seen := map[tsText]bool{}
	for _, t := range all {
		u.named = u.named || t.named
		for _, m := range t.members {
			if !seen[m] {
				seen[m] = true
				u.members = append(u.members, m)
			}
		}
	}
	if len(u.members) == 0 {
		return tsKnown("never")
	}
	return u
}

func tsIntersection(all []tsType) tsType {
	if len(all) == 1 {
		return all[0]
	}
	var parts []tsText
	named := false
	for _, t := range all {
		part := t.code()
		if len(t.members) > 1 {
			part = tsConcat(tsFixed("("), part, tsFixed(")"))
		}
		named = named || t.named
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return tsType{members: []tsText{tsJoin(parts, " & ")}, joined: true, named: named}
}
