package scaffold

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"muster/internal/config"
)

// composeFile is a Compose file that was read.
type composeFile struct {
	d         *draft
	file      string
	override  string // a second file, which is merged into it
	root      *yaml.Node
	services  []pair
	processes bool            // it has the section of a process-compose.yaml
	proxied   bool            // a service does what the gateway does
	wanted    map[string]bool // services whose end somebody waits for
}

func (d *draft) readCompose(file string) (*composeFile, error) {
	root, err := parseYAML(d.text(file))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	c := &composeFile{d: d, file: file, root: root, wanted: map[string]bool{}}
	if contains(composeFiles, file) {
		if other := d.first(composeOverrides...); other != "" {
			over, err := parseYAML(d.text(other))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", other, err)
			}
			shift(over, map[*yaml.Node]bool{})
			c.override, c.root = other, merged("", root, over)
			root = c.root
			d.use(other)
		}
	}
	c.services = pairs(get(root, "services"))
	c.processes = get(root, "processes") != nil
	for i, s := range c.services {
		c.services[i].node = c.extended(s, 0)
	}
	for _, s := range c.services {
		if c.isProxy(s.node) {
			c.proxied = true
		}
		for _, on := range pairs(get(s.node, "depends_on")) {
			if text(get(on.node, "condition")) == config.Succeeded {
				c.wanted[on.key] = true
			}
		}
	}
	return c, nil
}

// overridden is added to the lines of a second file.
const overridden = 1 << 24

func shift(n *yaml.Node, seen map[*yaml.Node]bool) {
	if n == nil || seen[n] {
		return
	}
	seen[n] = true
	n.Line += overridden
	for _, c := range n.Content {
		shift(c, seen)
	}
}

// at is a place in the file, or in the second one.
func (c *composeFile) at(line int) place {
	if line >= overridden {
		return place{c.override, line - overridden}
	}
	return place{c.file, line}
}

// merged is a value with what a second file says of it, as Compose merges them.
func merged(key string, base, over *yaml.Node) *yaml.Node {
	base, over = follow(base), follow(over)
	switch {
	case over == nil || over.ShortTag() == "!!null":
		return base
	case base == nil:
		return over
	case key == "environment" || key == "labels":
		base, over = asMapping(base), asMapping(over)
	case base.Kind != over.Kind || base.Kind == yaml.ScalarNode || key == "command" || key == "entrypoint" || key == "test":
		return over
	}
	out := &yaml.Node{Kind: base.Kind, Tag: base.Tag, Line: base.Line}
	if base.Kind == yaml.SequenceNode {
		out.Content = append(slices.Clone(base.Content), over.Content...)
		return out
	}
	put := func(p pair, v *yaml.Node) {
		out.Content = append(out.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.key, Line: p.line}, v)
	}
	own := pairs(base)
	for _, p := range own {
		put(p, merged(p.key, p.node, get(over, p.key)))
	}
	for _, p := range pairs(over) {
		if !slices.ContainsFunc(own, func(o pair) bool { return o.key == p.key }) {
			put(p, p.node)
		}
	}
	return out
}

// asMapping is a list of NAME=VALUE as a mapping.
func asMapping(n *yaml.Node) *yaml.Node {
	if n.Kind != yaml.SequenceNode {
		return n
	}
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line}
	for _, item := range n.Content {
		name, value, set := strings.Cut(text(item), "=")
		v := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Line: item.Line}
		if !set {
			v.Tag = "!!null"
		}
		out.Content = append(out.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name, Line: item.Line}, v)
	}
	return out
}

func (c *composeFile) isProxy(service *yaml.Node) bool {
	if get(service, "build") == nil {
		return slices.Contains(proxies, imageName(text(get(service, "image"))))
	}
	context, dockerfile, target := c.context(service)
	base := parseDockerfile(c.d.text(join(context, dockerfile)), target).base
	return slices.Contains(proxies, imageName(base)) && !c.d.exists(join(context, "package.json"))
}

// context is what a service is built of.
func (c *composeFile) context(service *yaml.Node) (folder, dockerfile, target string) {
	folder, dockerfile = slashDir(c.file), "Dockerfile"
	b := get(service, "build")
	if n := text(b); n != "" {
		folder = join(folder, c.expanded(n))
	}
	if n := text(get(b, "context")); n != "" {
		folder = join(folder, c.expanded(n))
	}
	if n := text(get(b, "dockerfile")); n != "" {
		dockerfile = c.expanded(n)
	}
	return folder, dockerfile, text(get(b, "target"))
}

// extended is a service with what it takes from another one of the file.
func (c *composeFile) extended(s pair, depth int) *yaml.Node {
	e := get(s.node, "extends")
	if e == nil || depth > 5 {
		return s.node
	}
	name := text(e)
	if name == "" {
		if get(e, "file") != nil {
			return s.node // named with the other keys
		}
		name = text(get(e, "service"))
	}
	for _, other := range c.services {
		if other.key != name {
			continue
		}
		merged := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: s.node.Line}
		own := pairs(s.node)
		for _, p := range own {
			if p.key != "extends" {
				merged.Content = append(merged.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.key, Line: p.line}, p.node)
			}
		}
		for _, p := range pairs(c.extended(other, depth+1)) {
			if !slices.ContainsFunc(own, func(o pair) bool { return o.key == p.key }) && p.key != "depends_on" {
				merged.Content = append(merged.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.key, Line: p.line}, p.node)
			}
		}
		return merged
	}
	return s.node
}

// builds tells whether a service is built from what lies in the repository, or is
// run in it.
func (c *composeFile) builds() bool {
	return c != nil && slices.ContainsFunc(c.services, func(s pair) bool { return get(s.node, "build") != nil || c.mounts(s.node) })
}

// mounts tells of a service of a language's image with a folder of the repository
// in it, as people have who build nothing.
func (c *composeFile) mounts(service *yaml.Node) bool {
	switch imageName(text(get(service, "image"))) {
	case "node", "python", "golang", "bun", "deno", "ruby":
		return get(service, "command") != nil || get(service, "entrypoint") != nil
	}
	return false
}

// all takes every service over.
func (c *composeFile) all() {
	c.d.use(c.file)
	c.top()
	for _, s := range c.services {
		if get(s.node, "build") != nil || c.mounts(s.node) {
			c.built(s)
		} else {
			c.image(s)
		}
	}
	c.creations()
}

// images takes the services of images over, and names the others, with why they are
// not.
func (c *composeFile) images(why string) {
	if c == nil || len(c.services) == 0 {
		return
	}
	c.d.use(c.file)
	c.top()
	for _, s := range c.services {
		switch {
		case get(s.node, "build") != nil || c.mounts(s.node):
			c.d.leave(c.at(s.line), "services.%s: is built, and %s", s.key, why)
		case c.d.names[s.key] != nil:
			c.d.leave(c.at(s.line), "services.%s: there is a process of that name already", s.key)
		default:
			c.image(s)
		}
	}
	c.creations()
	for _, s := range c.services {
		if p := c.d.names[s.key]; p != nil && p.image && len(p.profiles) == 0 {
			c.d.needs = append(c.d.needs, dependency{name: s.key})
			if c.d.names[s.key+"-create"] != nil {
				c.d.needs = append(c.d.needs, dependency{name: s.key + "-create"})
			}
		}
	}
	c.d.waitForImages(c.d.processes)
}

// waitForImages has processes wait for the services of images: nothing says which of
// them they use.
func (d *draft) waitForImages(processes []*process) {
	for _, p := range processes {
		if p.kind != config.KindFrontend && !p.image {
			p.depends = append(p.depends, d.needs...)
		}
	}
}

// creations adds the tasks that create databases, and has those wait for them who
// depend on one.
func (c *composeFile) creations() {
	for _, s := range c.services {
		p := c.d.names[s.key]
		if p == nil || p.creates == nil {
			continue
		}
		called := s.key + "-create"
		p.creates.depends = []dependency{{name: s.key}}
		p.creates.note("creates the database that is asked for")
		c.d.add(p.creates, called)
		for _, q := range c.d.processes {
			if q != p.creates && slices.ContainsFunc(q.depends, func(on dependency) bool { return on.name == s.key }) {
				q.depends = append(q.depends, dependency{name: called})
			}
		}
		p.creates = nil
	}
}

// top names what stands beside the services and is not taken over.
func (c *composeFile) top() {
	for _, p := range pairs(c.root) {
		why := "is not taken over"
		switch {
		case p.key == "services" || strings.HasPrefix(p.key, "x-"):
			continue
		case p.key == "networks":
			why = "is not taken over: all processes reach each other on 127.0.0.1"
		case p.key == "volumes":
			why = "is not taken over: programs run in their own folders"
		case p.key == "version" || p.key == "name":
			why = "is not needed"
		}
		c.d.leave(c.at(p.line), "%s: %s", p.key, why)
	}
}

// whyNotTaken are reasons for keys of services that have none of ours.
var whyNotTaken = map[string]string{
	"volumes":        "its program runs in the folder itself",
	"networks":       "all processes reach each other on 127.0.0.1",
	"links":          "all processes reach each other on 127.0.0.1",
	"container_name": "its name is that of the service",
	"hostname":       "its name is that of the service",
	"tty":            "no process has a terminal",
	"platform":       "it runs on this machine as it is",
	"develop":        "its program has to reload itself; a uvicorn server does",
	"labels":         "the gateway has its paths from `paths`",
	"secrets":        "write them into a file that env_file names",
	"configs":        "its program reads its files where they lie",
	"extends":        "it is in another file: write what it brings into the service",
}

// common reads what every service may say, and names the rest.
func (c *composeFile) common(p *process, s pair, own bool) {
	d := c.d
	p.from = c.at(s.line)
	leave := func(at pair, key, why string) {
		if why != "" {
			why = ": " + why
		}
		d.leave(c.at(at.line), "services.%s.%s is not taken over%s", s.key, key, why)
	}
	for _, k := range pairs(s.node) {
		switch k.key {
		case "build", "image", "command", "entrypoint", "ports", "expose":
		case "working_dir", "environment", "env_file":
			if !own {
				continue
			}
			switch k.key {
			case "environment":
				c.variables(p, k.node)
			case "env_file":
				c.envFiles(p, s, k)
			}
		case "depends_on":
			c.dependsOn(p, s, k)
		case "healthcheck":
			if own {
				c.healthcheck(p, s, k)
			}
		case "profiles":
			if !own {
				continue // was read before
			}
			for _, name := range texts(k.node) {
				p.profiles = append(p.profiles, validName(name))
			}
		case "stop_signal":
			sig := strings.ToUpper(text(k.node))
			if !strings.HasPrefix(sig, "SIG") {
				sig = "SIG" + sig
			}
			if contains([]string{"SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"}, sig) {
				p.stopSignal = sig
			} else {
				leave(k, k.key, text(k.node)+" is none of those that can be sent")
			}
		case "stop_grace_period":
			if t, err := time.ParseDuration(text(k.node)); err == nil && t >= 0 && t <= 10*time.Minute {
				p.stopTimeout = text(k.node)
			} else {
				leave(k, k.key, "it must be 0s to 10m")
			}
		case "restart":
			switch value, _, _ := strings.Cut(text(k.node), ":"); value {
			case "no", "false":
				p.restart = config.RestartNever
			case "on-failure":
				p.restart = config.RestartOnFailure
			}
		case "stdin_open":
			p.stdinOpen = text(k.node) == "true"
		case "scale":
			p.instances, _ = strconv.Atoi(c.expanded(text(k.node)))
		case "deploy":
			for _, inner := range pairs(k.node) {
				if inner.key == "replicas" {
					p.instances, _ = strconv.Atoi(c.expanded(text(inner.node)))
				} else {
					leave(inner, "deploy."+inner.key, "")
				}
			}
		default:
			if own || k.key == "extends" {
				leave(k, k.key, whyNotTaken[k.key])
			}
		}
	}
	if p.instances < 1 || p.instances > 256 {
		p.instances = 0
	}
}

// expanded is a text of the file with its variables filled in, to be looked at.
func (c *composeFile) expanded(s string) string {
	out, err := config.Expand(braces(s), c.d.env)
	if err != nil {
		return s
	}
	return out
}

func (c *composeFile) value(s string) string { return c.d.value(c.file, s) }

// variables reads both forms of environment. A variable without a value is the
// shell's, which every process has anyway.
func (c *composeFile) variables(p *process, n *yaml.Node) {
	set := func(name, value string) {
		switch {
		case !identifier(name):
			c.d.leave(p.from, "the name of the variable %s is none", name)
		case name == "PORT":
			if port, err := strconv.Atoi(c.expanded(value)); err == nil && p.port == 0 {
				p.port = port
			}
			p.movable = true
		default:
			p.env = append(p.env, config.EnvVar{Name: name, Value: c.value(value)})
		}
	}
	if n.Kind == yaml.SequenceNode {
		for _, item := range texts(n) {
			if name, value, ok := strings.Cut(item, "="); ok {
				set(name, value)
			}
		}
		return
	}
	for _, v := range pairs(n) {
		if v.node.ShortTag() != "!!null" {
			set(v.key, text(v.node))
		}
	}
}

func (c *composeFile) envFiles(p *process, s, k pair) {
	var files []string
	if k.node.Kind == yaml.SequenceNode {
		for _, n := range k.node.Content {
			if f := text(n); f != "" {
				files = append(files, f)
			} else {
				files = append(files, text(get(n, "path")))
			}
		}
	} else {
		files = texts(k.node)
	}
	for _, f := range files {
		rel := join(slashDir(c.file), c.expanded(f))
		at := c.at(k.line)
		switch {
		case f == "":
		case rel == c.d.envFile && rel != "":
		case !c.d.exists(rel):
			c.d.leave(at, "services.%s.env_file: there is no %s", s.key, rel)
		case p.envFile != "":
			c.d.leave(at, "services.%s.env_file: a process has one, which is %s: %s is not taken over", s.key, p.envFile, rel)
		default:
			if _, err := config.ReadEnvFile(c.d.path(rel)); err != nil {
				c.d.leave(at, "services.%s.env_file: %v", s.key, err)
				continue
			}
			p.envFile = rel
		}
	}
}

func (c *composeFile) dependsOn(p *process, s, k pair) {
	if k.node.Kind != yaml.MappingNode {
		for _, name := range texts(k.node) {
			p.depends = append(p.depends, dependency{name: name})
		}
		return
	}
	for _, on := range pairs(k.node) {
		x := dependency{name: on.key, condition: text(get(on.node, "condition")), restart: text(get(on.node, "restart")) == "true"}
		if !contains([]string{config.Started, config.Healthy, config.Succeeded}, x.condition) {
			x.condition = config.Started
		}
		if text(get(on.node, "required")) == "false" {
			c.d.leave(c.at(on.line), "services.%s.depends_on.%s.required is not taken over: what is depended on is there", s.key, on.key)
		}
		p.depends = append(p.depends, x)
	}
}

func (c *composeFile) healthcheck(p *process, s, k pair) {
	for _, h := range pairs(k.node) {
		value := c.expanded(text(h.node))
		duration := func() string {
			t, err := time.ParseDuration(value)
			if err != nil || t < 10*time.Millisecond || t > time.Hour {
				c.d.leave(c.at(h.line), "services.%s.healthcheck.%s is not taken over: %s is no duration from 10ms to 1h", s.key, h.key, value)
				return ""
			}
			return value
		}
		switch h.key {
		case "test":
			c.healthTest(p, s, h)
		case "interval":
			p.health.interval = duration()
		case "timeout":
			p.health.timeout = duration()
		case "start_period":
			p.health.start = duration()
		case "retries":
			if n, err := strconv.Atoi(value); err == nil && n >= 1 && n <= 1000 {
				p.health.retries = n
			}
		case "disable":
		default:
			c.d.leave(c.at(h.line), "services.%s.healthcheck.%s is not taken over", s.key, h.key)
		}
	}
}

var localURL = lazy(`https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(\d+))?(/[A-Za-z0-9._~/%?=&-]*)?`)

func (c *composeFile) healthTest(p *process, s, h pair) {
	words := texts(h.node)
	line := ""
	if h.node.Kind != yaml.SequenceNode {
		line = text(h.node)
	} else if len(words) > 1 && words[0] == "CMD-SHELL" {
		line = words[1]
	} else if len(words) > 0 && words[0] == "CMD" {
		words = words[1:]
	} else {
		if len(words) > 0 && words[0] != "NONE" {
			c.d.leave(c.at(h.line), "services.%s.healthcheck.test is not taken over: %s is none of CMD, CMD-SHELL and NONE", s.key, words[0])
		}
		return
	}
	whole := line
	if whole == "" {
		whole = strings.Join(words, " ")
	}
	if m := localURL().FindStringSubmatch(whole); m != nil && (strings.Contains(whole, "curl") || strings.Contains(whole, "wget")) {
		if p.health.path = m[2]; p.health.path == "" {
			p.health.path = "/"
		}
		return
	}
	if line != "" {
		p.health.command = []string{"sh", "-c", c.value(line)}
		return
	}
	for _, w := range words {
		p.health.command = append(p.health.command, c.value(w))
	}
}

// portPair is a port of a container and the one that it has on this machine.
type portPair struct{ published, target int }

func (c *composeFile) portsOf(s pair) (all []portPair, exposed int) {
	n := get(s.node, "ports")
	if n != nil && n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			item = follow(item)
			if item != nil && item.Kind == yaml.MappingNode {
				target, _ := strconv.Atoi(c.expanded(text(get(item, "target"))))
				published, _ := strconv.Atoi(c.expanded(text(get(item, "published"))))
				all = append(all, portPair{published, target})
				continue
			}
			whole := c.expanded(text(item))
			short, _, _ := strings.Cut(whole, "/")
			parts := strings.Split(short, ":")
			number := func(s string) int {
				s, _, _ = strings.Cut(s, "-")
				n, _ := strconv.Atoi(s)
				return n
			}
			pp := portPair{target: number(parts[len(parts)-1])}
			if len(parts) > 1 {
				pp.published = number(parts[len(parts)-2])
			}
			if pp.target > 0 {
				all = append(all, pp)
			}
		}
	}
	for _, e := range texts(get(s.node, "expose")) {
		if exposed == 0 {
			e, _, _ = strings.Cut(e, "/")
			exposed, _ = strconv.Atoi(c.expanded(e))
		}
	}
	return all, exposed
}

// image makes a worker of a service of an image: the program of that name, where it
// is installed, else Docker's.
func (c *composeFile) image(s pair) {
	d := c.d
	at := c.at(s.line)
	ref := c.expanded(text(get(s.node, "image")))
	if c.isProxy(s.node) {
		d.leave(at, "services.%s: %s does what the gateway does, and is not run: what it routed has to become `paths`", s.key, ref)
		return
	}
	if ref == "" {
		d.leave(at, "services.%s: has neither an image nor a build", s.key)
		return
	}
	p := &process{kind: config.KindWorker, from: at, image: true}
	ports, _ := c.portsOf(s)
	target := standardPort(ref)
	if len(ports) > 0 {
		p.port = ports[0].published
		if target == 0 {
			target = ports[0].target
		}
		for _, pp := range ports {
			if pp.target == target && pp.published > 0 {
				p.port = pp.published
			}
		}
	}
	// Its name is needed below.
	d.add(p, s.key)
	c.variables(p, orEmpty(get(s.node, "environment")))
	for _, f := range texts(get(s.node, "env_file")) {
		if join(slashDir(c.file), f) == d.envFile {
			p.envFile = d.envFile
		}
	}
	c.profilesOnly(p, s)
	if d.native(p, ref) {
		p.kind = config.KindWorker
		c.common(p, s, false)
		c.namedOfImage(s)
		if get(s.node, "command") != nil && !isPostgres(imageName(ref)) {
			c.ownCommand(p, s)
		}
		p.env = nil
	} else {
		p.env, p.envFile = nil, ""
		p.command = []string{"docker", "compose"}
		if slashDir(c.file) != "" || !contains(composeFiles, c.file) {
			p.command = append(p.command, "-f", c.file)
		}
		p.command = append(p.command, "up", s.key)
		p.stopTimeout = "15s"
		p.health.start = "3m" // an image may have to be fetched
		p.note("the image %s, run by Docker: no program of this machine is known for it, or none is installed", ref)
		if len(ports) > 0 && p.port < 1024 {
			p.port = 0
		}
		if p.port == 0 && target > 0 {
			d.leave(at, "services.%s: publishes no port, so that only other containers reach it: give it ports: [\"%d:%d\"]", s.key, target, target)
		}
	}
	d.hosts = append(d.hosts, host{s.key, target, p})
	if name := text(get(s.node, "container_name")); name != "" && name != s.key {
		d.hosts = append(d.hosts, host{name, target, p})
	}
	if c.wanted[s.key] {
		p.kind, p.port = config.KindTask, 0
	}
}

func orEmpty(n *yaml.Node) *yaml.Node {
	if n == nil {
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	return n
}

// profilesOnly reads of a service that Docker runs what muster has to know.
func (c *composeFile) profilesOnly(p *process, s pair) {
	for _, name := range texts(get(s.node, "profiles")) {
		p.profiles = append(p.profiles, validName(name))
	}
}

// ownCommand gives a program of this machine the arguments that the service has for
// that of its image.
func (c *composeFile) ownCommand(p *process, s pair) {
	words := c.argv(get(s.node, "command")).words
	if len(words) > 0 && (words[0] == p.command[0] || strings.HasPrefix(words[0], "-")) {
		if words[0] == p.command[0] {
			words = words[1:]
		}
		if len(words) > 0 {
			p.command = append(p.command, words...)
		}
		return
	}
	c.d.leave(c.at(get(s.node, "command").Line), "services.%s.command is not taken over: %s is another program", s.key, strings.Join(words, " "))
}

// namedOfImage names what is not taken over of a service whose image is not run.
func (c *composeFile) namedOfImage(s pair) {
	for _, k := range pairs(s.node) {
		switch k.key {
		case "volumes", "networks", "container_name", "hostname", "healthcheck", "entrypoint", "user", "ulimits", "tmpfs", "cap_add", "shm_size", "labels", "logging", "platform", "secrets", "configs", "links", "security_opt", "sysctls":
			why := map[string]string{"healthcheck": "it is checked as the program of this machine is", "volumes": "its data lies elsewhere"}[k.key]
			if why == "" {
				why = whyNotTaken[k.key]
			}
			if why != "" {
				why = ": " + why
			}
			c.d.leave(c.at(k.line), "services.%s.%s is not taken over%s", s.key, k.key, why)
		case "environment":
			for _, v := range pairs(k.node) {
				if !strings.HasPrefix(v.key, "POSTGRES_") {
					c.d.leave(c.at(v.line), "services.%s.environment.%s is not taken over: it is for the image", s.key, v.key)
				}
			}
		}
	}
}

// argv is a command as Compose reads it: a text is split into words. A variable PORT
// is that of the container.
func (c *composeFile) argv(n *yaml.Node) argv {
	words, split := texts(n), true
	if n = follow(n); n != nil && n.Kind != yaml.SequenceNode && len(words) > 0 {
		words, split = splitWords(words[0], true)
	}
	if n == nil || len(words) == 0 && split {
		return argv{}
	}
	if !split {
		words = []string{"sh", "-c", text(n)}
	}
	for i, w := range words {
		words[i] = c.value(portVariable().ReplaceAllString(strings.ReplaceAll(w, "$$PORT", "$PORT"), "{port}"))
	}
	return argv{words: words, line: n.Line, ready: true}
}

// built makes a process of a service that is built: its command is that of the
// Compose file or its Dockerfile.
func (c *composeFile) built(s pair) {
	d := c.d
	p := &process{kind: config.KindWorker, from: c.at(s.line)}
	if c.isProxy(s.node) {
		d.leave(p.from, "services.%s: does what the gateway does, and is not run: what it routed has to become `paths`", s.key)
		return
	}
	context, dockerfile, target := c.context(s.node)
	for _, k := range pairs(get(s.node, "build")) {
		switch k.key {
		case "context", "dockerfile", "target":
		default:
			d.leave(c.at(k.line), "services.%s.build.%s is not taken over: no image is built", s.key, k.key)
		}
	}
	if strings.HasPrefix(context, "..") || strings.Contains(context, "://") || !d.isDir(context) {
		d.leave(p.from, "services.%s: its folder %s is none of this repository", s.key, context)
		return
	}
	var m image
	if file := join(context, dockerfile); get(s.node, "build") != nil && d.exists(file) {
		m = parseDockerfile(d.text(file), target)
		d.use(file)
		for _, e := range m.env {
			d.leave(place{file, e.line}, "ENV %s is not taken over: write what is needed under env of %s", e.name, s.key)
		}
	} else if get(s.node, "build") != nil {
		d.leave(p.from, "services.%s: there is no %s", s.key, file)
	}
	ports, exposed := c.portsOf(s)
	if len(ports) > 0 {
		p.port = ports[0].target
	} else if p.port = exposed; p.port == 0 {
		p.port = m.exposed
	}
	var command *argv
	if n := get(s.node, "command"); n != nil {
		own := c.argv(n)
		command = &own
	}
	a := c.argv(get(s.node, "entrypoint"))
	if p.port == 0 {
		p.port = c.labelled(s)
	}
	wanted := p.port
	d.ofImage(p, m, context, a, command)
	if w := text(get(s.node, "working_dir")); w != "" {
		w = inImage(m.workdir, c.expanded(w))
		if rel, ok := m.local(context, w); ok && d.isDir(rel) {
			p.dir = rel
		} else if rel, ok := c.mounted(s, w); ok {
			p.dir = rel
		} else if w != m.workdir {
			d.leave(p.from, "services.%s.working_dir: %s is no folder that is known here", s.key, w)
		}
	} else if c.mounts(s.node) {
		if rel, ok := c.mounted(s, m.workdir); ok {
			p.dir = rel
		}
	}
	d.add(p, s.key)
	c.common(p, s, true)
	if p.port == 0 {
		p.port = wanted
	}
	d.hosts = append(d.hosts, host{s.key, max(wanted, p.port), p})
	p.stdinOpen = p.stdinOpen || d.endsWithInput(p)
	if d.lost(p) && !d.found(p, context, m, s.key) {
		return
	}
	isPage := p.kind == config.KindFrontend || p.command != nil && !c.wanted[s.key] && d.page(p)
	if p.command != nil && !isPage && !d.uvicorn(p) && !d.pythonFile(p) {
		d.tellPort(p)
		d.program(p)
		p.movable = p.movable || d.readsPort(p.dir)
	}
	for i, v := range p.env {
		host, number, ok := strings.Cut(v.Value, ":")
		if ok && (host == "" || host == "0.0.0.0") && number == strconv.Itoa(p.port) && p.port > 0 {
			p.env[i].Value, p.movable = "127.0.0.1:{port}", true
		}
	}
	if p.kind == config.KindFrontend {
		return
	}
	switch {
	case c.wanted[s.key]:
		p.kind, p.port, p.restart, p.instances = config.KindTask, 0, "", 0
		p.health = health{}
		return
	case p.port == 0 && p.app != "":
		p.port, p.movable = 8001, true
	case p.port == 0:
		p.kind = config.KindWorker
		p.note("guessed: it listens on no port")
		return
	}
	p.kind = config.KindServer
	c.migrates(p)
	p.hidden = len(ports) == 0 && !c.proxied
	if p.found == nil {
		p.found = d.servedPaths(p.dir)
	}
	if len(ports) > 1 {
		d.leave(p.from, "services.%s.ports: has %d, and a server has one: %d is the one", s.key, len(ports), p.port)
	}
	if len(ports) > 0 && ports[0].published > 0 && ports[0].published != p.port {
		p.note("it was published at %d", ports[0].published)
	}
	if p.instances > 1 && !p.movable {
		d.leave(p.from, "services.%s: %d instances of it would listen on one port: there is one of it", s.key, p.instances)
		p.instances = 0
	}
}

// migrates drafts the task that brings the database of a FastAPI application up to
// date, where no service does so.
func (c *composeFile) migrates(p *process) {
	file := join(p.dir, "alembic.ini")
	if p.app == "" || !c.d.exists(file) {
		return
	}
	for _, s := range c.services {
		all := strings.Join(append(texts(get(s.node, "command")), texts(get(s.node, "entrypoint"))...), " ")
		if strings.Contains(all, "alembic") || strings.Contains(all, "prestart") || strings.Contains(all, "migrat") {
			return
		}
	}
	task := &process{kind: config.KindTask, dir: p.dir, from: place{file, 1}, command: []string{"alembic", "upgrade", "head"},
		env: slices.Clone(p.env), envFile: p.envFile, depends: slices.Clone(p.depends)}
	task.note("guessed: the database is brought up to date at every start")
	c.d.use(file)
	called := "migrate"
	if c.d.names[called] != nil {
		called = p.name + "-migrate"
	}
	c.d.add(task, called)
	c.d.program(task)
	p.depends = append(p.depends, dependency{name: called})
}

// labelled is the port at which Traefik was to find a service, or 0.
func (c *composeFile) labelled(s pair) int {
	labels := get(s.node, "labels")
	if labels == nil {
		return 0
	}
	for _, l := range pairs(asMapping(labels)) {
		if strings.HasSuffix(l.key, ".loadbalancer.server.port") {
			n, _ := strconv.Atoi(c.expanded(text(l.node)))
			return n
		}
	}
	return 0
}

// mounted is the folder of the repository that is mounted at a path.
func (c *composeFile) mounted(s pair, at string) (string, bool) {
	n := get(s.node, "volumes")
	if n == nil {
		return "", false
	}
	for _, item := range n.Content {
		source, target := "", ""
		if t := text(item); t != "" {
			parts := strings.Split(t, ":")
			if len(parts) < 2 {
				continue
			}
			source, target = parts[0], parts[1]
		} else {
			source, target = text(get(item, "source")), text(get(item, "target"))
		}
		if !strings.HasPrefix(source, ".") || !below(at, path.Clean(target)) {
			continue
		}
		rel := join(slashDir(c.file), join(source, strings.TrimPrefix(at, path.Clean(target))))
		if !strings.HasPrefix(rel, "..") && c.d.isDir(rel) {
			return rel, true
		}
	}
	return "", false
}

// found looks in a service's folder for what its image was to run.
func (d *draft) found(p *process, context string, m image, service string) bool {
	why := "its Dockerfile names no command"
	if len(p.command) > 0 {
		why = p.command[0] + " is only in its image"
	}
	index := slices.Index(d.processes, p)
	before := len(d.processes)
	names := map[string]*process{}
	for k, v := range d.names {
		names[k] = v
	}
	said := d.said
	d.folder(context)
	made := slices.Clone(d.processes[before:])
	d.processes, d.names, d.said = d.processes[:before], names, said
	var main *process
	for _, q := range made {
		if main == nil || q.kind == config.KindServer && main.kind != config.KindServer && main.kind != config.KindFrontend {
			main = q
		}
	}
	if main == nil {
		d.processes = slices.Delete(d.processes, index, index+1)
		delete(d.names, service)
		d.leave(p.from, "services.%s: %s, and nothing in its folder says how it is run: write its command", service, why)
		return false
	}
	p.note("guessed: its command, since %s", why)
	p.comments = append(p.comments, main.comments...)
	p.env = append(slices.DeleteFunc(p.env, func(v config.EnvVar) bool {
		return slices.ContainsFunc(main.env, func(m config.EnvVar) bool { return m.Name == v.Name })
	}), main.env...)
	p.command, p.app, p.reload, p.args, p.found, p.dir = main.command, main.app, main.reload, main.args, main.found, main.dir
	p.kind, p.movable = main.kind, main.movable || p.movable
	if !p.health.set() {
		main.health.interval, main.health.timeout, main.health.retries = p.health.interval, p.health.timeout, p.health.retries
		p.health = main.health
	}
	if p.kind == config.KindFrontend || p.port < 1024 {
		p.port = main.port
	}
	return true
}
