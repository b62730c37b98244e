package apidoc

import (
	"maps"
	"slices"
	"strings"
)

// describeChannels adds the messages of a document, and its channels with what
// belongs to no message.
func (d Document) describeChannels(all map[string]described) {
	add := func(label string, e described) {
		all[Unique(label, func(s string) bool { _, taken := all[s]; return taken })] = e
	}
	for _, ch := range d.Channels() {
		for _, m := range ch.Sent {
			add(messageLabel("receive", m, ch), described{msg: &m, in: true})
		}
		for _, m := range ch.Got {
			add(messageLabel("send", m, ch), described{msg: &m})
		}
		e := d.channelRest(ch)
		if len(ch.Sent)+len(ch.Got) == 0 {
			e.rest, e.aside = e.aside, nil
		}
		add("channel "+ch.Address, e)
	}
}

// channelRest is what a document says of a channel beside its messages.
func (d Document) channelRest(ch Channel) described {
	raw, _ := d.Deref(Object(d.Root["channels"])[ch.Name])
	rest := without(raw, "address", "messages", "publish", "subscribe", "servers")
	rest["servers"] = d.channelServers(raw)
	operations, labels := map[string]any{}, map[string][]string{}
	for _, action := range [...]string{"publish", "subscribe"} { // version 2
		if op, _ := d.Deref(raw[action]); op != nil {
			operations[action] = without(op, "message")
		}
	}
	ref := "#/channels/" + escapePointer(ch.Name)
	all := Object(d.Root["operations"])
	for name := range all {
		op, _ := d.Deref(all[name])
		if Text(Object(op["channel"])["$ref"]) != ref {
			continue
		}
		o := without(op, "channel", "messages", "reply")
		if reply, _ := d.Deref(op["reply"]); reply != nil {
			o["reply"] = without(reply, "channel", "messages")
			o["reply messages"] = messageNames(reply)
		}
		operations[name] = o
		for _, m := range d.messagesOf(op, ref) {
			labels[name] = append(labels[name], messageLabel(Text(op["action"]), m, ch))
		}
	}
	rest["operations"] = operations
	return described{aside: rest, labels: labels}
}

func messageLabel(action string, m Message, ch Channel) string {
	return action + " " + m.Name + " at " + ch.Address
}

// withoutTold leaves out the operations of a channel that came or went with
// messages of theirs, which tell of it.
func withoutTold(x described, a, b map[string]described) described {
	operations := Object(x.aside["operations"])
	for name, labels := range x.labels {
		if slices.ContainsFunc(labels, func(l string) bool { _, before := a[l]; _, now := b[l]; return before != now }) {
			delete(operations, name)
		}
	}
	return x
}

func messageNames(holder map[string]any) any {
	var all []string
	for _, v := range List(holder["messages"]) {
		all = append(all, RefName(Text(Object(v)["$ref"])))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// channelServers are where a channel is served: at those that it names, or at
// all of the document's.
func (d Document) channelServers(channel map[string]any) map[string]any {
	all := Object(d.Root["servers"])
	named := map[string]any{}
	for _, v := range List(channel["servers"]) {
		name := Text(v) // version 2
		if name == "" {
			name = RefName(Text(Object(v)["$ref"]))
		}
		named[name] = all[name]
	}
	if len(named) == 0 {
		return maps.Clone(all)
	}
	return named
}

// message compares two messages; in tells that they go to the server.
func (c *comparison) message(a, b *Message, in bool) {
	f := pair{a: without(a.Raw, "name"), b: without(b.Raw, "name")}
	x, y := f.take("payload")
	c.schema("payload", x, y, in)
	if a.Tag != b.Tag {
		c.note(true, "type is %q instead of %q", b.Tag, a.Tag)
	}
	x, y = f.take("headers")
	c.schema("headers", x, y, in)
	c.rest("", f.a, f.b)
}
