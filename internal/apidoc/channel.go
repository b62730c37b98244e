package apidoc

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Channel is one WebSocket of an AsyncAPI document, seen from the client.
type Channel struct {
	Name    string
	Address string
	Sent    []Message // by the client
	Got     []Message // from the server
	Replies map[string][]string
}

// Message is one message of a channel.
type Message struct {
	Name string
	Ref  string // where its payload's schema lies; "" when it is written in place
	Raw  map[string]any
	Tag  string // the value of "type" that tells it from the others, or ""
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
		all = append(all, Channel{Name: name, Address: cmp.Or(Text(raw["address"]), name), Replies: map[string][]string{}})
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
		there, back := &c.Got, &c.Sent
		if Text(op["action"]) == "receive" {
			there, back = back, there
		}
		*there = addMessages(*there, messages)
		if reply, _ := d.Deref(op["reply"]); reply != nil {
			answers := d.messagesOf(reply, ref)
			c.reply(messages, answers)
			*back = addMessages(*back, answers)
		}
	}
	return all
}

func (c *Channel) reply(to, answers []Message) {
	for _, m := range to {
		for _, a := range answers {
			if a.Tag != "" && !slices.Contains(c.Replies[m.Tag], a.Tag) {
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
		c := Channel{Name: name, Address: name, Replies: map[string][]string{}}
		// In version 2 "publish" is what a client sends.
		c.Sent = d.messages2(Object(raw["publish"])["message"])
		c.Got = d.messages2(Object(raw["subscribe"])["message"])
		all = append(all, c)
	}
	return all
}

func (d Document) messages2(v any) []Message {
	m, ref := d.Deref(v)
	if m == nil {
		return nil
	}
	if one := List(m["oneOf"]); one != nil {
		var all []Message
		for _, e := range one {
			all = addMessages(all, d.messages2(e))
		}
		return all
	}
	name := cmp.Or(Text(m["name"]), Text(m["messageId"]), RefName(ref), Text(m["title"]))
	return []Message{d.message(name, m)}
}

func (d Document) message(name string, v any) Message {
	raw, _ := d.Deref(v)
	m := Message{Name: cmp.Or(Text(raw["name"]), name, "Message"), Raw: raw, Ref: Text(Object(raw["payload"])["$ref"])}
	s, _ := d.Deref(raw["payload"])
	tag, _ := d.Deref(d.ShapeOf(s).Properties["type"])
	if vals := Values(tag); len(vals) == 1 {
		m.Tag = Text(vals[0])
	}
	return m
}

func addMessages(to, more []Message) []Message {
	for _, m := range more {
		if !slices.ContainsFunc(to, func(have Message) bool { return have.Name == m.Name && have.Ref == m.Ref }) {
			to = append(to, m)
		}
	}
	return to
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
