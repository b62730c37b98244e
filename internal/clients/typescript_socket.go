package clients

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"text/template"

	"muster/internal/apidoc"
	"muster/templates"
)

// tsSocket is what templates/ws_client.ts.tmpl gets.
type tsSocket struct {
	Module   string
	Types    []string // names that the client needs from ./types
	Channels []tsChannel
}

type tsChannel struct {
	Class, Name, Address, Doc string
	Sent, Got                 string // unions
	Subscriptions             []tsSubscription
	Replies                   []tsReply
}

type tsSubscription struct {
	Name            string // such as bars
	Payload, Data   string
	ByTopic, HasOff bool
	Data2           bool // the update's payload wraps what is new in "data"
	Wrapped         bool // what a message says is in its "payload"
	Answered        bool // each of its requests gets an answer with the same id
}

type tsReply struct{ Tag, Message, Answer string }

// socketClient makes the files of a module's WebSocket types and client
// from its AsyncAPI document, by name.
func socketClient(d apidoc.Document, module string) (map[string][]byte, error) {
	if d.Kind != apidoc.AsyncAPI {
		return nil, fmt.Errorf("WebSocket types need an AsyncAPI document, this one is %s", d.Kind)
	}
	types := newTSTypes(d)
	s := tsSocket{Module: module}
	chans := d.Channels()
	byMessage := map[string]string{} // message's place -> type
	for _, c := range chans {
		s.Channels = append(s.Channels, socketChannel(types, c, module, len(chans) > 1, byMessage))
	}
	types.finish()
	s.Types = slices.Compact(slices.Sorted(maps.Values(byMessage)))

	var out bytes.Buffer
	out.WriteString(tsHeader)
	for _, decl := range sortDecls(types.decls) {
		out.WriteString("\n" + decl)
	}
	t, err := template.New("ws_client.ts.tmpl").Funcs(template.FuncMap{"str": tsString, "join": strings.Join}).
		ParseFS(templates.FS, "ws_client.ts.tmpl")
	if err != nil {
		return nil, fmt.Errorf("the WebSocket client's template: %w", err)
	}
	var client bytes.Buffer
	if err := t.Execute(&client, s); err != nil {
		return nil, fmt.Errorf("the WebSocket client of %s: %w", module, err)
	}
	return map[string][]byte{
		"types.ts":  out.Bytes(),
		"client.ts": client.Bytes(),
		"index.ts":  []byte(tsHeader + "\nexport * from './client';\nexport * from './types';\n"),
	}, nil
}

// sortDecls orders declarations by name, whatever stands before them.
func sortDecls(decls []string) []string {
	name := func(s string) string {
		i := strings.Index(s, "export ")
		return strings.TrimPrefix(strings.TrimPrefix(s[i:], "export interface "), "export type ")
	}
	sort.SliceStable(decls, func(i, j int) bool { return name(decls[i]) < name(decls[j]) })
	return decls
}

func socketChannel(t *tsTypes, c apidoc.Channel, module string, several bool, byMessage map[string]string) tsChannel {
	class := camelClass(module) + "Socket"
	if several {
		class = camelClass(module) + className(identifier(c.Name, "Channel")) + "Socket"
	}
	t.taken[class] = true
	out := tsChannel{Class: class, Name: c.Name, Address: c.Address}
	messageType := func(m apidoc.Message) string {
		key := m.Ref + "\n" + m.Name
		if n, ok := byMessage[key]; ok {
			return n
		}
		n := ""
		if m.Ref != "" {
			n = t.referenced(m.Ref)
		} else {
			n = t.name(m.Name)
			t.declare(n, apidoc.Object(m.Raw["payload"]), "")
		}
		byMessage[key] = n
		return n
	}
	union := func(all []apidoc.Message) string {
		var names []string
		for _, m := range all {
			if n := messageType(m); !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
		return cmp.Or(strings.Join(names, " | "), "never")
	}
	out.Sent, out.Got = union(c.Sent), union(c.Got)
	sent, got := byTag(c.Sent), byTag(c.Got)
	for _, tag := range slices.Sorted(maps.Keys(sent)) {
		if answer := answerOf(c.Replies[tag]); answer != "" && t.doc.Property(sent[tag].Raw["payload"], "id") != nil {
			if m, ok := got[answer]; ok {
				out.Replies = append(out.Replies, tsReply{tag, messageType(sent[tag]), messageType(m)})
			}
		}
		name, ok := strings.CutSuffix(tag, ".subscribe")
		update, has := got[name+".update"]
		if !ok || !has {
			continue
		}
		_, off := sent[name+".unsubscribe"]
		sub := tsSubscription{Name: name, HasOff: off, Payload: messageType(sent[tag]) + "['payload']", Data: messageType(update) + "['payload']"}
		sub.Wrapped = t.doc.Property(sent[tag].Raw["payload"], "payload") != nil
		if !sub.Wrapped {
			sub.Payload = "Omit<" + messageType(sent[tag]) + ", 'type' | 'id'>"
		}
		sub.Answered = len(out.Replies) > 0 && out.Replies[len(out.Replies)-1].Tag == tag
		response := got[answerOf(c.Replies[tag])]
		sub.ByTopic = t.doc.Property(update.Raw["payload"], "payload", "topic") != nil &&
			t.doc.Property(response.Raw["payload"], "payload", "topic") != nil
		if t.doc.Property(update.Raw["payload"], "payload") == nil {
			sub.Data = messageType(update)
		} else if t.doc.Property(update.Raw["payload"], "payload", "data") != nil && sub.ByTopic {
			sub.Data2, sub.Data = true, sub.Data+"['data']"
		}
		out.Subscriptions = append(out.Subscriptions, sub)
	}
	return out
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
