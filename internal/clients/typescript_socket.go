package clients

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"muster/internal/apidoc"
	"muster/templates"
)

// tsSocket is what templates/ws_client.ts.tmpl gets: no text but what is TypeScript.
type tsSocket struct {
	Types    tsText // names that the client needs from ./types
	Channels []tsChannel
}

type tsChannel struct {
	Class         tsText
	Name, Address tsText // in a comment
	At            tsText // the address as a literal
	Sent, Got     tsText // unions
	Options       tsText // of the constructor, with their default
	Filled        bool   // the address has parameters
	Defaults      []tsDefault
	Asks          bool // the address has a query
	Subscriptions []tsSubscription
	Replies       []tsReply
}

type tsDefault struct{ Name, Value tsText }

type tsSubscription struct {
	Name            tsText // such as "bars"
	Payload, Data   tsText
	ByTopic, HasOff bool
	Data2           bool // the update's payload wraps what is new in "data"
	Wrapped         bool // what a message says is in its "payload"
	Answered        bool // each of its requests gets an answer with the same id
}

type tsReply struct{ Tag, Message, Answer tsText }

// socketClient makes the files of a module's WebSocket types and client
// from its AsyncAPI document, by name. It reads what the table says.
func socketClient(d apidoc.Document, module string, reads apidoc.Reads) (map[string][]byte, []apidoc.Omission, error) {
	if d.Kind != apidoc.AsyncAPI {
		return nil, nil, fmt.Errorf("WebSocket types need an AsyncAPI document, this one is %s", d.Kind)
	}
	d, omitted := d.View(reads)
	m := socketMaker{types: newTSTypes(d), byMessage: map[messageKey]string{}, imports: map[string]bool{}}
	chans := d.Channels()
	var classes []string
	for _, c := range chans { // before any type takes their names
		name := camelClass(module)
		if len(chans) > 1 {
			name += className(identifier(c.Name, "Channel"))
		}
		classes = append(classes, m.className(name))
	}
	var s tsSocket
	for i, c := range chans {
		s.Channels = append(s.Channels, m.channel(c, classes[i]))
	}
	m.types.finish()
	var names []tsText
	for _, name := range slices.Sorted(maps.Keys(m.imports)) {
		names = append(names, tsName(name))
	}
	s.Types = tsJoin(names, ", ")

	var out bytes.Buffer
	out.WriteString(tsHeader)
	for _, decl := range m.types.decls {
		out.WriteString("\n" + decl.code.text)
	}
	if len(m.types.decls) == 0 {
		out.WriteString("\nexport {};\n") // or it is no module
	}
	t, err := template.New("ws_client.ts.tmpl").ParseFS(templates.FS, "ws_client.ts.tmpl")
	if err != nil {
		return nil, nil, fmt.Errorf("the WebSocket client's template: %w", err)
	}
	var client bytes.Buffer
	if err := t.Execute(&client, s); err != nil {
		return nil, nil, fmt.Errorf("the WebSocket client of %s: %w", module, err)
	}
	return map[string][]byte{
		"types.ts":  out.Bytes(),
		"client.ts": client.Bytes(),
		"index.ts":  []byte(tsHeader + "\nexport * from './client';\nexport * from './types';\n"),
	}, omitted, nil
}

// socketMaker makes what the template gets.
type socketMaker struct {
	types     *tsTypes
	byMessage map[messageKey]string // the type's name
	imports   map[string]bool       // names of types.ts that the client uses
}

type messageKey struct{ ref, name string }

// className is a class that no other has, together with the types that are named for it.
func (m *socketMaker) className(name string) string {
	of := []string{"", "Sent", "Received", "Events", "Subscriptions", "Requests", "Parameters", "Query"}
	base := apidoc.Unique(name, func(s string) bool {
		return slices.ContainsFunc(of, func(what string) bool {
			return m.types.taken[s+"Socket"+what] || isWord(tsWords, s+"Socket"+what)
		})
	})
	for _, what := range of {
		m.types.taken[base+"Socket"+what] = true
	}
	return base + "Socket"
}

// message is the name of a message's type.
func (m *socketMaker) message(msg apidoc.Message) tsText {
	key := messageKey{msg.Ref, msg.Name}
	name, ok := m.byMessage[key]
	if !ok {
		if _, there := m.types.doc.Lookup(msg.Ref); msg.Ref != "" && there {
			m.types.referenced(msg.Ref)
			name = m.types.refs[msg.Ref]
		} else {
			name = m.types.name(msg.Name)
			m.types.declare(name, msg.Payload, "")
		}
		m.byMessage[key] = name
		m.imports[name] = true
	}
	return tsName(name)
}

func (m *socketMaker) union(all []apidoc.Message) tsText {
	var types []tsType
	for _, msg := range all {
		types = append(types, tsOne(m.message(msg)))
	}
	return tsUnion(types...).code()
}

func (m *socketMaker) channel(c apidoc.Channel, class string) tsChannel {
	out := tsChannel{Class: tsName(class), Name: tsComment(c.Name), Address: tsComment(c.Address), At: tsString(c.Address)}
	m.place(&out, c, class)
	out.Sent, out.Got = m.union(c.Sent), m.union(c.Got)
	sent, got := byTag(c.Sent), byTag(c.Got)
	for _, tag := range slices.Sorted(maps.Keys(sent)) {
		answered := false
		if answer := answerOf(c.Replies[tag]); answer != "" && m.has(sent[tag], "id") {
			if a, ok := got[answer]; ok {
				out.Replies = append(out.Replies, tsReply{tsString(tag), m.message(sent[tag]), m.message(a)})
				answered = true
			}
		}
		name, ok := strings.CutSuffix(tag, ".subscribe")
		update, has := got[name+".update"]
		if !ok || !has {
			continue
		}
		_, off := sent[name+".unsubscribe"]
		sub := m.subscription(sent[tag], update, got[answerOf(c.Replies[tag])])
		sub.Name, sub.HasOff, sub.Answered = tsString(name), off, answered
		out.Subscriptions = append(out.Subscriptions, sub)
	}
	return out
}

// place says what a channel's address takes.
func (m *socketMaker) place(out *tsChannel, c apidoc.Channel, class string) {
	options, required := []tsText{tsFixed("SocketOptions")}, false
	takes := func(option tsSyntax, what string, schema map[string]any) {
		needed := len(apidoc.List(schema["required"])) > 0
		name := class + what
		m.types.declare(name, schema, "")
		m.imports[name] = true
		mark := tsSyntax("?: ")
		if needed {
			mark, required = ": ", true
		}
		options = append(options, tsConcat(tsFixed("{ "+option+mark), tsName(name), tsFixed(" }")))
	}
	if len(c.Parameters) > 0 {
		out.Filled = true
		properties, needed := map[string]any{}, []any{}
		for _, p := range c.Parameters {
			s := maps.Clone(m.types.deref(p.Schema))
			if p.Doc != "" {
				s["description"] = p.Doc
			}
			properties[p.Name] = s
			if value := tsLiterals([]any{p.Default}); p.Default != nil && len(apidoc.Values(map[string]any{"const": p.Default})) == 1 {
				out.Defaults = append(out.Defaults, tsDefault{tsKey(p.Name), value.code()})
			} else {
				needed = append(needed, p.Name)
			}
		}
		takes("parameters", "Parameters", map[string]any{"type": "object", "properties": properties, "required": needed})
	}
	if c.Query != nil {
		out.Asks = true
		takes("query", "Query", m.types.deref(c.Query))
	}
	out.Options = tsJoin(options, " & ")
	if !required {
		out.Options = tsConcat(out.Options, tsFixed(" = {}"))
	}
}

func (m *socketMaker) has(msg apidoc.Message, path ...string) bool {
	return m.types.doc.Property(msg.Payload, path...) != nil
}

// subscription is what messages to begin one and to bring what is new make of it.
func (m *socketMaker) subscription(begin, update, answer apidoc.Message) tsSubscription {
	sub := tsSubscription{Wrapped: m.has(begin, "payload")}
	sub.Payload = tsConcat(tsFixed("Omit<"), m.message(begin), tsFixed(", 'type' | 'id'>"))
	if sub.Wrapped {
		sub.Payload = m.types.member(m.message(begin), begin.Payload, "payload")
	}
	sub.ByTopic = m.has(update, "payload", "topic") && m.has(answer, "payload", "topic")
	switch {
	case !m.has(update, "payload"):
		sub.Data = m.message(update)
	case sub.ByTopic && m.has(update, "payload", "data"):
		sub.Data2, sub.Data = true, m.types.member(m.message(update), update.Payload, "payload", "data")
	default:
		sub.Data = m.types.member(m.message(update), update.Payload, "payload")
	}
	return sub
}

func byTag(all []apidoc.Message) map[string]apidoc.Message {
	m := map[string]apidoc.Message{}
	for _, e := range all {
		if e.Tag != "" {
			m[e.Tag] = e
		}
	}
	return m
}

// answerOf is the answer among the replies; "error" is what every message may get.
func answerOf(replies []string) string {
	for _, r := range replies {
		if r != "error" {
			return r
		}
	}
	return ""
}
