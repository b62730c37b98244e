package apidoc

import (
	"slices"
	"strconv"
	"strings"
)

// operation compares two operations. in tells that the request goes to the
// server, as it does but in callbacks and webhooks.
func (c *comparison) operation(a, b *Operation, in bool) {
	f := pair{a: without(a.Raw), b: without(b.Raw)}
	f.take("operationId")
	f.take("$ref") // it was followed
	if Text(a.Raw["operationId"])+Text(b.Raw["operationId"]) != "" && a.ID != b.ID {
		c.note(true, "operationId %s is now %s", a.ID, b.ID) // it names the client's method
	}
	if x, y := f.take("deprecated"); True(y) && !True(x) {
		c.note(false, "deprecated")
	} else if True(x) && !True(y) {
		c.note(false, "not deprecated any more")
	}
	f.take("parameters")
	c.parameters(a, b, in)
	x, y := f.take("requestBody")
	c.body(x, y, in)
	x, y = f.take("responses")
	c.responses(Object(x), Object(y), in)
	f.take("security")
	c.security(c.old.requirements(a, in), c.new.requirements(b, in))
	f.take("servers")
	c.servers(c.old.serversOf(a, in), c.new.serversOf(b, in))
	x, y = f.take("callbacks")
	c.callbacks(Object(x), Object(y), in)
	c.rest("", f.a, f.b)
}

// parameterIndex names parameters as people do. Those of the path are named by
// the new path's names, since it is their place that counts, and those of
// headers in any case.
func parameterIndex(o *Operation, path string) map[string]map[string]any {
	from, to := pathParameter.FindAllString(o.Path, -1), pathParameter.FindAllString(path, -1)
	m := map[string]map[string]any{}
	for _, p := range o.Params {
		in, name := Text(p["in"]), Text(p["name"])
		switch {
		case in == "header":
			name = strings.ToLower(name)
		case in == "path" && len(from) == len(to):
			if i := slices.Index(from, "{"+name+"}"); i >= 0 {
				name = strings.Trim(to[i], "{}")
			}
		}
		m[in+" parameter "+name] = p
	}
	return m
}

func (c *comparison) parameters(a, b *Operation, in bool) {
	x, y := parameterIndex(a, b.Path), parameterIndex(b, b.Path)
	for _, key := range allKeys(x, y) {
		p, inOld := x[key]
		q, inNew := y[key]
		if Text(p["in"]) == "header" {
			key = "header parameter " + Text(p["name"])
		} else if Text(q["in"]) == "header" {
			key = "header parameter " + Text(q["name"])
		}
		switch {
		case !inOld:
			required := True(q["required"])
			kind := "optional"
			if required {
				kind = "required"
			}
			c.note(required && in, "new %s %s", kind, key)
		case !inNew:
			c.note(true, "%s is gone", key)
		default:
			if before, now := Text(p["name"]), Text(q["name"]); Text(p["in"]) == "path" && before != now {
				c.note(false, "path parameter %s is now %s", before, now)
			}
			c.parameter(key, p, q, in)
		}
	}
}

// parameter compares two parameters, or two headers.
func (c *comparison) parameter(key string, p, q map[string]any, in bool) {
	f := pair{a: without(p, "name", "in", "$ref"), b: without(q, "name", "in", "$ref")}
	x, y := f.take("required")
	if Text(p["in"]) == "path" {
		x, y = true, true // it cannot be left out, whatever is said
	}
	if True(y) && !True(x) {
		c.note(in, "%s is now required", key)
	} else if True(x) && !True(y) {
		c.note(!in, "%s is now optional", key)
	}
	f.take("style")
	f.take("explode")
	if style(p) != style(q) {
		c.note(true, "%s is written another way", key)
	}
	s, t := schemaOf(p), schemaOf(q)
	f.take("schema")
	v, w := f.take("content")
	if v != nil && w != nil {
		c.media(key, Object(v), Object(w), in)
	} else {
		if (v == nil) != (w == nil) {
			c.note(true, "%s is written another way", key)
		}
		c.schema(key, s, t, in)
	}
	c.rest(key, f.a, f.b)
}

// style is how a parameter is written, with what goes without saying.
func style(p map[string]any) string {
	s := Text(p["style"])
	if s == "" {
		s = "simple"
		if in := Text(p["in"]); in == "query" || in == "cookie" {
			s = "form"
		}
	}
	explode, ok := p["explode"].(bool)
	if !ok {
		explode = s == "form"
	}
	return s + strconv.FormatBool(explode)
}

func schemaOf(p map[string]any) any {
	if m := Contents(p); len(m) > 0 {
		return m[0].Schema
	}
	return p["schema"]
}

func (c *comparison) body(v, w any, in bool) {
	x, _ := c.old.Deref(v)
	y, _ := c.new.Deref(w)
	switch {
	case x == nil && y == nil:
	case x == nil:
		c.note(True(y["required"]) && in, "takes a body now")
	case y == nil:
		c.note(true, "takes no body any more")
	default:
		f := pair{a: without(x), b: without(y)}
		if p, q := f.take("required"); True(q) && !True(p) {
			c.note(in, "the body is now required")
		} else if True(p) && !True(q) {
			c.note(!in, "the body is now optional")
		}
		p, q := f.take("content")
		c.media("body", Object(p), Object(q), in)
		c.rest("body", f.a, f.b)
	}
}

func (c *comparison) media(what string, before, after map[string]any, in bool) {
	before, after = byType(before), byType(after)
	for _, t := range allKeys(before, after) {
		p, inOld := before[t]
		q, inNew := after[t]
		switch {
		case !inOld:
			c.note(false, "%s also as %s", what, t)
		case !inNew:
			c.note(true, "%s no more as %s", what, t)
		default:
			m, _ := c.old.Deref(p)
			n, _ := c.new.Deref(q)
			f := pair{a: without(m), b: without(n)}
			x, y := f.take("schema")
			c.schema(what, x, y, in)
			c.rest(what+" as "+t, f.a, f.b)
		}
	}
}

// byType are content types written in one way.
func byType(content map[string]any) map[string]any {
	all := map[string]any{}
	for t, v := range content {
		all[strings.ReplaceAll(strings.ToLower(t), " ", "")] = v
	}
	return all
}

func (c *comparison) responses(x, y map[string]any, in bool) {
	for _, code := range allKeys(x, y) {
		_, inOld := x[code]
		_, inNew := y[code]
		success := strings.HasPrefix(code, "2")
		switch {
		case isAnnotation(code):
		case !inOld:
			c.note(false, "new response %s", code)
		case !inNew:
			c.note(success, "response %s is gone", code)
		default:
			p, _ := c.old.Deref(x[code])
			q, _ := c.new.Deref(y[code])
			f := pair{a: without(p), b: without(q)}
			v, w := f.take("content")
			c.media("response "+code, Object(v), Object(w), !in)
			v, w = f.take("headers")
			c.headers("response "+code, Object(v), Object(w), !in)
			c.rest("response "+code, f.a, f.b)
		}
	}
}

func (c *comparison) headers(what string, before, after map[string]any, in bool) {
	x, y := lowerKeys(before), lowerKeys(after)
	for _, key := range allKeys(x, y) {
		p, _ := c.old.Deref(x[key])
		q, _ := c.new.Deref(y[key])
		switch name := what + " header " + key; {
		case p == nil && q == nil:
		case p == nil:
			c.note(in && True(q["required"]), "new %s", name)
		case q == nil:
			c.note(!in && True(p["required"]), "%s is gone", name)
		default:
			c.parameter(name, p, q, in)
		}
	}
}

// lowerKeys are headers by names that can be compared.
func lowerKeys(m map[string]any) map[string]any {
	all := map[string]any{}
	for k, v := range m {
		if lower := strings.ToLower(k); lower != "content-type" { // which the content says
			all[lower] = v
		}
	}
	return all
}

// serversOf is where an operation is served: its own servers win over those of
// its path, and those over the document's, unless it goes out to a client.
func (d Document) serversOf(o *Operation, in bool) []any {
	item, _ := d.Deref(Object(d.Root["paths"])[o.Path])
	for _, holder := range []map[string]any{o.Raw, item, d.Root} {
		if s := List(holder["servers"]); len(s) > 0 {
			return s
		}
		if !in {
			return nil
		}
	}
	return []any{map[string]any{"url": "/"}}
}

func (c *comparison) servers(x, y []any) {
	urls := func(all []any) string {
		var list []string
		for _, s := range all {
			list = append(list, Text(Object(s)["url"]))
		}
		return strings.Join(list, ", ")
	}
	if before, now := urls(x), urls(y); before != now {
		c.note(false, "is served at %s instead of %s", now, before)
		return
	}
	for i := range min(len(x), len(y)) {
		c.rest("server "+Text(Object(x[i])["url"]), Object(x[i]), Object(y[i]))
	}
}

// callbacks are the requests that the server makes: they go the other way.
func (c *comparison) callbacks(x, y map[string]any, in bool) {
	within := c.within
	defer func() { c.within = within }()
	for _, name := range allKeys(x, y) {
		p, _ := c.old.Deref(x[name])
		q, _ := c.new.Deref(y[name])
		for _, expression := range allKeys(p, q) {
			if isAnnotation(expression) {
				continue
			}
			before, after := c.old.operationsOf(expression, p[expression]), c.new.operationsOf(expression, q[expression])
			for _, method := range methods {
				c.within = within
				c.callback(name, byMethod(before, method), byMethod(after, method), in)
			}
		}
		c.within = within
		if (p == nil) != (q == nil) && len(p)+len(q) == 0 {
			c.note(false, "callback %s differs", name)
		}
	}
}

func (c *comparison) callback(name string, a, b *Operation, in bool) {
	switch {
	case a == nil && b == nil:
	case a == nil:
		c.note(false, "new callback %s: %s %s", name, b.Method, b.Path)
	case b == nil:
		c.note(true, "callback %s is gone: %s %s", name, a.Method, a.Path)
	default:
		pair := "callback " + identity(a.Raw) + " " + identity(b.Raw)
		if c.seen[pair] {
			return // callbacks may go round in circles
		}
		c.seen[pair] = true
		c.within += "callback " + name + ": "
		c.operation(a, b, !in)
	}
}

func byMethod(all []Operation, method string) *Operation {
	for i := range all {
		if strings.EqualFold(all[i].Method, method) {
			return &all[i]
		}
	}
	return nil
}
