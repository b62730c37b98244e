package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"muster/internal/config"
)

// block is a mapping under construction.
type block struct{ yaml.Node }

func (b *block) put(key string, v *yaml.Node) {
	b.Kind = yaml.MappingNode
	b.Content = append(b.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, v)
}

// given puts what is not left out.
func (b *block) given(key, value string) {
	if value != "" {
		b.put(key, word(value))
	}
}

func (b *block) number(key string, n int) {
	if n != 0 {
		b.put(key, plain(strconv.Itoa(n)))
	}
}

func (b *block) words(key string, words []string) {
	if words == nil {
		return
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, w := range words {
		n.Content = append(n.Content, word(w))
	}
	b.put(key, n)
}

func plain(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

// word is a text, in quotes where YAML or its reader would take it for something else.
func word(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off":
		n.Style = yaml.DoubleQuotedStyle
	}
	if strings.ContainsAny(s, "{}[],\x7f") || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' }) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// render writes the file. A process that would not be valid, whatever the reason, is
// left out and named.
func (d *draft) render() ([]byte, error) {
	for {
		out, err := d.write()
		if err != nil || len(d.processes) == 0 {
			return out, err
		}
		p, problem := d.invalid(out)
		if p == nil {
			return out, nil
		}
		d.leave(p.from, "%s cannot be taken over: %s", p.name, problem)
		d.processes = slices.DeleteFunc(d.processes, func(q *process) bool { return q == p })
		for _, q := range d.processes {
			q.depends = slices.DeleteFunc(q.depends, func(on dependency) bool { return on.name == p.name })
		}
		if !d.served() {
			d.gateway = 0
		}
	}
}

// invalid has the file read as it will be, and gives a process that is not valid.
func (d *draft) invalid(file []byte) (*process, string) {
	_, err := config.Parse(filepath.Join(d.dir, configName), file)
	var wrong *config.Error
	if !errors.As(err, &wrong) {
		return nil, ""
	}
	root, err := parseYAML(string(file))
	if err != nil {
		return nil, ""
	}
	for _, problem := range wrong.Problems {
		if len(d.env) > 0 && (strings.Contains(problem.Message, "is not set") || strings.Contains(problem.Message, "needs the variable")) {
			continue // .env may set it, which is read with the file only
		}
		name := ""
		for _, key := range []string{"servers", "workers", "tasks", "frontends"} {
			for _, p := range pairs(get(root, key)) {
				if p.line <= problem.Line {
					name = p.key
				}
			}
		}
		for _, p := range d.processes {
			if p.name == name {
				return p, problem.Message
			}
		}
	}
	return nil, ""
}

func (d *draft) write() ([]byte, error) {
	var top block
	top.given("env_file", d.envFile)
	if d.gateway > 0 {
		top.put("api_base_url", word("/"))
		var nginx block
		nginx.number("port", d.gateway)
		top.put("nginx", &nginx.Node)
	}
	for _, section := range []struct {
		kind config.Kind
		key  string
	}{{config.KindServer, "servers"}, {config.KindWorker, "workers"}, {config.KindTask, "tasks"}, {config.KindFrontend, "frontends"}} {
		var b block
		for _, p := range d.processes {
			if p.kind == section.kind {
				b.put(p.name, d.entry(p))
				b.Content[len(b.Content)-2].HeadComment = strings.Join(p.comments, "\n")
			}
		}
		if len(b.Content) > 0 {
			top.put(section.key, &b.Node)
		}
	}
	var out bytes.Buffer
	out.WriteString(config.Modeline)
	fmt.Fprintf(&out, "# Drafted from %s by config:init; it is yours now.\n", oneLine(strings.Join(d.used, ", ")))
	if d.gateway > 0 {
		fmt.Fprintf(&out, "# All of it is at http://127.0.0.1:%d once `dev:fullstack -multi` runs.\n", d.gateway)
	}
	out.WriteString("\n")
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(&top.Node), encoder.Close()); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	list(&out, "What is not as it was there:", d.said)
	list(&out, "What could not be taken over:", d.left)
	return out.Bytes(), nil
}

func list(out *bytes.Buffer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(out, "\n# %s\n", title)
	for _, l := range lines {
		fmt.Fprintf(out, "#   %s\n", l)
	}
}

func (d *draft) entry(p *process) *yaml.Node {
	var b block
	runs := p.kind == config.KindServer || p.kind == config.KindWorker // and goes on, in instances
	if p.kind == config.KindTask {
		p.health, p.restart, p.port = health{}, "", 0
	}
	b.number("port", p.port)
	if runs && p.instances > 1 {
		b.number("instances", p.instances)
	}
	b.given("app", p.app)
	if p.reload {
		b.put("reload", plain("true"))
	}
	b.words("args", p.args)
	b.words("command", p.command)
	b.words("unless", p.unless)
	dir := p.dir
	if dir == "" && p.kind == config.KindFrontend {
		dir = "."
	}
	b.given("dir", dir)
	if len(p.env) > 0 {
		var env block
		for _, v := range p.env {
			env.put(v.Name, word(v.Value))
		}
		b.put("env", &env.Node)
	}
	b.given("env_file", p.envFile)
	b.paths(p)
	b.health(p.health)
	b.depends(p.depends)
	b.given("restart", p.restart)
	b.given("stop_signal", p.stopSignal)
	b.given("stop_timeout", p.stopTimeout)
	if p.stdinOpen {
		b.given("stdin", "open")
	}
	b.words("profiles", p.profiles)
	return &b.Node
}

func (b *block) paths(p *process) {
	switch {
	case p.kind == config.KindFrontend:
		if p.page != "/" {
			b.given("path", p.page)
		}
	case p.hidden:
		b.put("expose", plain("false"))
	case p.kind == config.KindServer:
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, path := range p.paths {
			if !path.Strip {
				n.Content = append(n.Content, word(path.Path))
				continue
			}
			one := block{yaml.Node{Style: yaml.FlowStyle}}
			one.given("path", path.Path)
			one.put("strip", plain("true"))
			n.Content = append(n.Content, &one.Node)
		}
		b.put("paths", n)
	}
}

func (b *block) health(h health) {
	inner := block{yaml.Node{Style: yaml.FlowStyle}}
	switch {
	case h.path != "":
		inner.given("path", h.path)
	case h.command != nil:
		inner.words("command", h.command)
	case h.log != "":
		inner.given("log", h.log)
	case h.tcp:
		inner.put("tcp", plain("true"))
	}
	inner.given("interval", h.interval)
	inner.given("timeout", h.timeout)
	inner.number("retries", h.retries)
	inner.given("start_period", h.start)
	if len(inner.Content) > 0 {
		b.put("health", &inner.Node)
	}
}

// depends writes a list of names where that says all.
func (b *block) depends(all []dependency) {
	if len(all) == 0 {
		return
	}
	var names []string
	var long block
	short := true
	for _, on := range all {
		names = append(names, on.name)
		one := block{yaml.Node{Style: yaml.FlowStyle, Kind: yaml.MappingNode}}
		one.given("condition", on.condition)
		if on.restart {
			one.put("restart", plain("true"))
		}
		long.put(on.name, &one.Node)
		short = short && on.condition == "" && !on.restart
	}
	if short {
		b.words("depends_on", names)
		return
	}
	b.put("depends_on", &long.Node)
}
