package specs

import (
	"strings"
)

// channel is one WebSocket of an AsyncAPI document, seen from the client.
type channel struct {
	Name    string
	Address string
	Sent    []message // by the client
	Got     []message // from the server
	Replies map[string][]string
}

// message is one message of a channel.
type message struct {
	Name string
	Ref  string // where its payload's schema lies; "" when it is written in place
	Raw  map[string]any
	Tag  string // the value of "type" that tells it from the others, or ""
}

// channels lists a document's channels, of AsyncAPI 2 and 3, ordered by name.
func channels(d Document) []channel {
	if strings.HasPrefix(d.Version, "2") {
		return d.channels2()
	}
	byRef := map[string]*channel{}
	var all []*channel
	raws := object(d.Root["channels"])
	for _, name := range keys(raws) {
		raw, _ := d.deref(raws[name])
		c := &channel{Name: name, Address: text(raw["address"]), Replies: map[string][]string{}}
		if c.Address == "" {
			c.Address = name
		}
		byRef["#/channels/"+escapePointer(name)] = c
		all = append(all, c)
	}
	ops := object(d.Root["operations"])
	for _, name := range keys(ops) {
		op, _ := d.deref(ops[name])
		ref := text(object(op["channel"])["$ref"])
		c := byRef[ref]
		if c == nil {
			continue
		}
		messages := d.messagesOf(op, ref)
		// The document speaks for the application: what it receives, a client sends.
		if text(op["action"]) == "receive" {
			c.Sent = addMessages(c.Sent, messages)
		} else {
			c.Got = addMessages(c.Got, messages)
		}
		if reply, _ := d.deref(op["reply"]); reply != nil {
			answers := d.messagesOf(reply, ref)
			c.reply(messages, answers)
			if text(op["action"]) == "receive" {
				c.Got = addMessages(c.Got, answers)
			} else {
				c.Sent = addMessages(c.Sent, answers)
			}
		}
	}
	var out []channel
	for _, c := range all {
		out = append(out, *c)
	}
	return out
}

func (c *channel) reply(to, answers []message) {
	for _, m := range to {
		for _, a := range answers {
			if a.Tag != "" && !has(c.Replies[m.Tag], a.Tag) {
				c.Replies[m.Tag] = append(c.Replies[m.Tag], a.Tag)
			}
		}
	}
}

func (d Document) messagesOf(op map[string]any, channelRef string) []message {
	var all []message
	refs := list(op["messages"])
	if refs == nil { // every message of the channel
		ch, _ := d.deref(map[string]any{"$ref": channelRef})
		byName := object(ch["messages"])
		for _, name := range keys(byName) {
			all = append(all, d.message(name, byName[name]))
		}
		return all
	}
	for _, r := range refs {
		all = append(all, d.message(refName(text(object(r)["$ref"])), r))
	}
	return all
}

func (d Document) channels2() []channel {
	var all []channel
	raws := object(d.Root["channels"])
	for _, name := range keys(raws) {
		raw, _ := d.deref(raws[name])
		c := channel{Name: name, Address: name, Replies: map[string][]string{}}
		// In version 2 "publish" is what a client sends.
		c.Sent = d.messages2(object(raw["publish"])["message"])
		c.Got = d.messages2(object(raw["subscribe"])["message"])
		all = append(all, c)
	}
	return all
}

func (d Document) messages2(v any) []message {
	m, ref := d.deref(v)
	if m == nil {
		return nil
	}
	if one := list(m["oneOf"]); one != nil {
		var all []message
		for _, e := range one {
			all = addMessages(all, d.messages2(e))
		}
		return all
	}
	name := text(m["name"])
	if name == "" {
		name = text(m["messageId"])
	}
	if name == "" && ref != "" {
		name = refName(ref)
	}
	if name == "" {
		name = text(m["title"])
	}
	return []message{d.message(name, m)}
}

func (d Document) message(name string, v any) message {
	raw, _ := d.deref(v)
	if n := text(raw["name"]); n != "" {
		name = n
	}
	if name == "" {
		name = "Message"
	}
	m := message{Name: name, Raw: raw, Ref: text(object(raw["payload"])["$ref"])}
	s, _ := d.deref(raw["payload"])
	tag, _ := d.deref(d.shapeOf(s).Properties["type"])
	if vals := values(tag); len(vals) == 1 {
		m.Tag = text(vals[0])
	}
	return m
}

func addMessages(to, more []message) []message {
next:
	for _, m := range more {
		for _, have := range to {
			if have.Name == m.Name && have.Ref == m.Ref {
				continue next
			}
		}
		to = append(to, m)
	}
	return to
}

// property follows names through a message's payload; nil when it has none.
func (d Document) property(v any, path ...string) any {
	for _, name := range path {
		s, _ := d.deref(v)
		p, ok := d.shapeOf(s).Properties[name]
		if !ok {
			return nil
		}
		v = p
	}
	return v
}
