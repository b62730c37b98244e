package apidoc

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Channel is one WebSocket of an AsyncAPI document, seen from the client.
type Channel struct {
	Name       string
	Address    string      // with its parameters in braces
	Parameters []Parameter // of the address, ordered by name
	Query      any         // the schema of the query, an object, or nil
	Sent       []Message   // by the client
	Got        []Message   // from the server
	Replies    map[string][]string
}

// Parameter is a part of a channel's address that a client fills in.
type Parameter struct {
	Name    string
	Schema  map[string]any // AsyncAPI 3 has only strings
	Default any            // nil is none
	Doc     string
}

// Message is one message of a channel.
type Message struct {
	Name    string
	Ref     string // where its payload's schema lies; "" when it is written in place
	Raw     map[string]any
	Payload any    // its schema
	Tag     string // the value of "type" that tells it from the others, or ""
}

// Channels lists a document's channels, of AsyncAPI 2 and 3, ordered by name.
func (d Document) Channels() []Channel {
	if strings.HasPrefix(d.Version, "2") {
		return d.channels2()
	}
	var all []Channel
	raws := Object(d.Root["channels"])
	for _, name := range slices.Sorted(maps.Keys(raws)) {
		raw, _ := d.Deref(raws[name])
		all = append(all, d.channel(name, cmp.Or(Text(raw["address"]), name), raw))
	}
	byRef := map[string]*Channel{}
	for i, c := range all {
		byRef["#/channels/"+escapePointer(c.Name)] = &all[i]
	}
	ops := Object(d.Root["operations"])
	for _, name := range slices.Sorted(maps.Keys(ops)) {
		op, _ := d.Deref(ops[name])
		ref := Text(Object(op["channel"])["$ref"])
		c := byRef[ref]
		if c == nil {
			continue
		}
		messages := d.messagesOf(op, ref)
		// The document speaks for the application: what it receives, a client sends.
		there, back := sides(c, Text(op["action"]))
		*there = append(*there, messages...)
		if reply, _ := d.Deref(op["reply"]); reply != nil {
			if other := Text(Object(reply["channel"])["$ref"]); byRef[other] != nil {
				ref = other
				_, back = sides(byRef[other], Text(op["action"]))
			}
			answers := d.messagesOf(reply, ref)
			c.reply(messages, answers)
			*back = append(*back, answers...)
		}
	}
	for i := range all {
		all[i].Sent, all[i].Got = distinct(all[i].Sent), distinct(all[i].Got)
	}
	return all
}

func sides(c *Channel, action string) (there, back *[]Message) {
	if action == "receive" {
		return &c.Sent, &c.Got
	}
	return &c.Got, &c.Sent
}

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

func (d Document) channel(name, address string, raw map[string]any) Channel {
	c := Channel{Name: name, Address: address, Replies: map[string][]string{}}
	ws, _ := d.Deref(Object(d.object(raw["bindings"]))["ws"])
	if query := ws["query"]; d.IsObject(d.object(query)) {
		c.Query = query
	}
	said := d.object(raw["parameters"])
	named := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(address, -1) {
		named[m[1]] = true
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		c.Parameters = append(c.Parameters, d.addressParameter(name, said[name]))
	}
	return c
}

// object is Deref without the reference.
func (d Document) object(v any) map[string]any {
	m, _ := d.Deref(v)
	return m
}

func (d Document) addressParameter(name string, v any) Parameter {
	raw := d.object(v)
	p := Parameter{Name: name, Schema: Object(raw["schema"]), Default: raw["default"], Doc: Text(raw["description"])}
	if p.Schema == nil { // AsyncAPI 3
		p.Schema = map[string]any{"type": "string"}
		if values := List(raw["enum"]); values != nil {
			p.Schema["enum"] = values
		}
	} else {
		p.Default = d.object(p.Schema)["default"]
	}
	if at := Text(raw["location"]); at != "" {
		p.Doc = strings.TrimSpace(p.Doc + "\nThe messages have it at " + at + ".")
	}
	return p
}

func (c *Channel) reply(to, answers []Message) {
	tags := map[string]bool{}
	for _, a := range answers {
		tags[a.Tag] = a.Tag != ""
	}
	for _, m := range to {
		have := map[string]bool{}
		for _, tag := range c.Replies[m.Tag] {
			have[tag] = true
		}
		for _, a := range answers {
			if tags[a.Tag] && !have[a.Tag] {
				have[a.Tag] = true
				c.Replies[m.Tag] = append(c.Replies[m.Tag], a.Tag)
			}
		}
	}
}

func (d Document) messagesOf(op map[string]any, channelRef string) []Message {
	var all []Message
	refs := List(op["messages"])
	if refs == nil { // every message of the channel
		ch, _ := d.Deref(map[string]any{"$ref": channelRef})
		byName := Object(ch["messages"])
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			all = append(all, d.message(name, byName[name]))
		}
		return all
	}
	for _, r := range refs {
		all = append(all, d.message(RefName(Text(Object(r)["$ref"])), r))
	}
	return all
}

func (d Document) channels2() []Channel {
	var all []Channel
	raws := Object(d.Root["channels"])
	for _, name := range slices.Sorted(maps.Keys(raws)) {
		raw, _ := d.Deref(raws[name])
		c := d.channel(name, name, raw)
		// In version 2 "publish" is what a client sends.
		c.Sent = distinct(d.messages2(d.object(raw["publish"])["message"], map[string]bool{}))
		c.Got = distinct(d.messages2(d.object(raw["subscribe"])["message"], map[string]bool{}))
		all = append(all, c)
	}
	return all
}

func (d Document) messages2(v any, seen map[string]bool) []Message {
	m, ref := d.Deref(v)
	if m == nil || seen[ref] {
		return nil
	}
	seen[ref] = ref != ""
	if one := List(m["oneOf"]); one != nil {
		var all []Message
		for _, e := range one {
			all = append(all, d.messages2(e, seen)...)
		}
		return all
	}
	name := cmp.Or(Text(m["name"]), Text(m["messageId"]), RefName(ref), Text(m["title"]))
	return []Message{d.message(name, m)}
}

func (d Document) message(name string, v any) Message {
	raw, _ := d.Deref(v)
	m := Message{Name: cmp.Or(Text(raw["name"]), name, "Message"), Raw: raw, Payload: raw["payload"]}
	if s := d.object(m.Payload); s["schemaFormat"] != nil && s["schema"] != nil { // AsyncAPI 3: a schema with its format
		m.Payload = s["schema"]
	}
	m.Ref = Text(Object(m.Payload)["$ref"])
	s, _ := d.Deref(m.Payload)
	tag, _ := d.Deref(d.ShapeOf(s).Properties["type"])
	if vals := Values(tag); len(vals) == 1 {
		m.Tag = Text(vals[0])
	}
	return m
}

// distinct leaves out messages that came before.
func distinct(all []Message) []Message {
	type key struct{ name, ref string }
	seen := map[key]bool{}
	return slices.DeleteFunc(all, func(m Message) bool {
		k := key{m.Name, m.Ref}
		again := seen[k]
		seen[k] = true
		return again
	})
}

// Property follows names through a message's payload; nil when it has none.
func (d Document) Property(v any, path ...string) any {
	for _, name := range path {
		s, _ := d.Deref(v)
		p, ok := d.ShapeOf(s).Properties[name]
		if !ok {
			return nil
		}
		v = p
	}
	return v
}
