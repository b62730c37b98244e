package scaffold

import (
	"fmt"
	"slices"
	"strings"

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

// at is a place in the file, or in the second one.
func (c *composeFile) at(line int) place {
	if line >= overridden {
		return place{c.override, line - overridden}
	}
	return place{c.file, line}
}

func (c *composeFile) isProxy(service *yaml.Node) bool {
	if get(service, "build") == nil {
		return slices.Contains(proxies, imageName(text(get(service, "image"))))
	}
	context, dockerfile, target := c.context(service)
	base := parseDockerfile(c.d.text(join(context, dockerfile)), target).base
	return slices.Contains(proxies, imageName(base)) && !c.d.exists(join(context, "package.json"))
}

// builds tells whether a service is built from what lies in the repository, or is
// run in it.
func (c *composeFile) builds() bool {
	return c != nil && slices.ContainsFunc(c.services, func(s pair) bool { return get(s.node, "build") != nil || c.mounts(s.node) })
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
