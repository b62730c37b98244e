package scaffold

import (
	"cmp"
	"slices"

	"muster/internal/config"
)

// served tells whether there is something for a gateway to lead to.
func (d *draft) served() bool {
	return slices.ContainsFunc(d.processes, func(p *process) bool {
		return p.kind == config.KindFrontend || p.kind == config.KindServer && !p.hidden
	})
}

// pageNames are what people call what a browser is to see first.
var pageNames = []string{"web", "frontend", "www", "app", "client", "ui", "page", "site", "vote"}

// apiNames are what they call what a page asks.
var apiNames = []string{"api", "backend", "server"}

// route gives every server and frontend its paths at the gateway.
func (d *draft) route() {
	var pages, servers []*process
	for _, p := range d.processes {
		switch {
		case p.kind == config.KindFrontend:
			pages = append(pages, p)
		case p.kind == config.KindServer && !p.hidden && p.paths == nil:
			servers = append(servers, p)
		}
	}
	if len(pages) > 0 && len(servers) == 0 {
		for _, p := range d.processes { // a page asks somebody, through its own server or the gateway
			if p.kind == config.KindServer && p.hidden {
				p.hidden = false
				p.note("guessed: it is at the gateway, for the page asks it")
				servers = append(servers, p)
			}
		}
	}
	rank := func(p *process) int {
		switch {
		case p.root:
			return 0
		case slices.Contains(pageNames, p.name):
			return 1
		case slices.Contains(apiNames, p.name):
			return 3
		}
		return 2
	}
	best := func(all []*process) *process {
		if len(all) == 0 {
			return nil
		}
		return slices.MinFunc(all, func(a, b *process) int { return cmp.Compare(rank(a), rank(b)) })
	}
	root := best(pages)
	if root == nil {
		root = best(servers)
	}
	taken := map[string]bool{}
	for _, p := range pages {
		if p.page = "/"; p != root {
			p.page = "/" + p.name
			p.note("guessed: its path; its program has to know it as its base")
		}
		taken[p.page] = true
	}
	for _, p := range servers {
		n := d.quietPackage(p.dir)
		p.socketIO = n != nil && n.has("socket.io")
		for _, other := range servers {
			if other != p && below(other.dir, p.dir) {
				p.found = nil // whose they are is not known
			}
		}
		if p == root {
			p.paths = []config.Path{{Path: "/"}}
			continue
		}
		for _, found := range p.found {
			if !taken[found] && found != "/" {
				taken[found] = true
				p.paths = append(p.paths, config.Path{Path: found})
			}
		}
		if p.paths != nil {
			p.note("guessed: its paths at the gateway, from its sources")
		} else {
			path := config.Path{Path: "/" + p.name, Strip: true}
			if slices.Contains(apiNames, p.name) && !taken["/api"] {
				path = config.Path{Path: "/api"}
			}
			taken[path.Path] = true
			p.paths = []config.Path{path}
			p.note("guessed: its path at the gateway")
		}
		if socket := "/socket.io"; p.socketIO && !taken[socket] {
			taken[socket] = true
			p.paths = append(p.paths, config.Path{Path: socket})
		}
	}
}
