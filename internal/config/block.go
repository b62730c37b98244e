package config

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"iter"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"muster/internal/local"
)

// Block is the part of a machine's ports that one checkout has for itself: some
// units in a row. Each unit has a claim beside its ports: whoever holds the claims
// has the ports.
type Block struct {
	First int `json:"first"`
	Units int `json:"units"`
}

// The units lie below the ports that the system gives to connections, and above most
// of those that programs have by themselves.
const (
	ephemeral  = 32768
	unitPorts  = 32
	allUnits   = 480
	firstClaim = ephemeral - allUnits
	firstPort  = firstClaim - allUnits*unitPorts
)

// anyPort is one that is chosen once it is known which others there are.
const anyPort = lowPort

func (b Block) port() int { return firstPort + b.First*unitPorts }

// Has tells whether a port is of the block.
func (b Block) Has(port int) bool { return port >= b.port() && port < b.port()+b.Units*unitPorts }

// Ports are all of the block.
func (b Block) Ports() iter.Seq[int] {
	return func(yield func(int) bool) {
		for port := b.port(); b.Has(port) && yield(port); {
			port++
		}
	}
}

// Claims are the ports that nobody listens on: to hold them is to have the block.
func (b Block) Claims() (ports []int) {
	for i := range b.Units {
		ports = append(ports, firstClaim+b.First+i)
	}
	return ports
}

// portOf reads a port. With `ports: auto` what the file says tells only that there
// is to be one.
func (d *decoder) portOf(s *section, key string, into *int, must bool) {
	if must && !d.auto {
		s.needs(key)
	}
	d.port(s.field(key), into)
	if d.auto && (must || *into != 0) {
		*into = anyPort
	}
}

// giveBlock gives the checkout the block that it had at its last start or, at the
// first, the one that its folder's path leads to.
func (d *decoder) giveBlock(c *Config, disk bool) {
	needed := c.layOut()
	c.Block.Units = (needed + unitPorts - 1) / unitPorts
	if c.Block.Units > allUnits {
		d.reportAt(d.place("ports"), "", "ports: auto has %d ports for a checkout, and this file needs %d", allUnits*unitPorts, needed)
		return
	}
	sum := sha256.Sum256([]byte(c.Dir))
	first := int(binary.BigEndian.Uint64(sum[:]) % uint64(allUnits-c.Block.Units+1))
	if disk {
		if b, ok := c.KeptBlock(); ok {
			first = min(b.First, allUnits-c.Block.Units)
		}
	}
	c.Move(Block{first, c.Block.Units})
}

// layOut gives every process its place in the first block, and tells how many ports
// that takes. What people open comes first, so that it stays where it is when
// processes are added.
func (c *Config) layOut() (needed int) {
	take := func(port *int, n int) {
		if *port != 0 {
			*port = firstPort + needed
			needed += n
		}
	}
	if c.Nginx != nil {
		take(&c.Nginx.Port, 1)
		take(&c.Nginx.RedirectPort, 1)
	}
	for i := range c.Frontends {
		take(&c.Frontends[i].Port, 1)
	}
	take(&c.Dashboard.Port, 1)
	for _, m := range c.Processes() {
		if m.Kind != KindFrontend {
			take(&m.Port, m.Instances)
		}
	}
	c.spares = map[int]int{}
	for i := range c.Servers {
		take(&c.Servers[i].Debug, c.Servers[i].Instances)
	}
	for _, s := range c.Servers {
		for i := range s.Instances {
			spare := anyPort
			take(&spare, 1)
			c.spares[s.Port+i] = spare
		}
	}
	return needed
}

// Move gives every process the port that it has in another block.
func (c *Config) Move(to Block) {
	by := to.port() - c.Block.port()
	move := func(port *int) {
		if *port != 0 {
			*port += by
		}
	}
	if c.Nginx != nil {
		n := *c.Nginx
		move(&n.Port)
		move(&n.RedirectPort)
		c.Nginx = &n
	}
	move(&c.Dashboard.Port)
	for _, m := range c.Processes() {
		move(&m.Port)
	}
	for i := range c.Servers {
		move(&c.Servers[i].Debug)
	}
	spares := make(map[int]int, len(c.spares))
	for port, spare := range c.spares {
		spares[port+by] = spare + by
	}
	c.Block, c.spares = to, spares
}

// Blocks are all that the checkout could have, its own first.
func (c *Config) Blocks() iter.Seq[Block] {
	return func(yield func(Block) bool) {
		n := allUnits - c.Block.Units + 1
		for i := range n {
			if !yield(Block{(c.Block.First + i) % n, c.Block.Units}) {
				return
			}
		}
	}
}

// keptBlock is what .local keeps of the block.
type keptBlock struct {
	Folder local.Place `json:"folder"` // whose it is: a copy of the folder has another one
	Block
}

// KeptBlock is the block of the last start, if there was one.
func (c *Config) KeptBlock() (Block, bool) {
	var kept keptBlock
	data, err := local.Read(c.Local().Ports(), local.MaxState)
	if err != nil || json.Unmarshal(data, &kept) != nil || kept.Folder.Copied(c.Dir) {
		return Block{}, false
	}
	b := kept.Block
	return b, b.First >= 0 && b.Units > 0 && b.First <= allUnits-b.Units
}

// KeepBlock keeps it for the next start.
func (c *Config) KeepBlock() error {
	data, err := json.Marshal(keptBlock{local.PlaceAt(c.Dir), c.Block})
	if err != nil {
		return err
	}
	return local.Replace(c.Local().Ports(), append(data, '\n'), 0o600)
}

// LinkHost is the host that links have: a fixed one or, with ports of its own, a name
// of the checkout's own too, for a browser keeps cookies by host and not by port.
func (c *Config) LinkHost(fixed string) string {
	if !c.AutoPorts {
		return fixed
	}
	const mostLabel = 63
	label := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, filepath.Base(c.Dir))
	label = strings.Trim(label[:min(len(label), mostLabel)], "-")
	if label == "" {
		label = "checkout-" + strconv.Itoa(c.Block.First)
	}
	return label + ".localhost"
}

// URL is where the project is reached: at the gateway or, with none, its first
// server or page. "" is nowhere.
func (c *Config) URL() string {
	var port int
	switch {
	case c.Nginx != nil:
		return c.Nginx.url(c)
	case len(c.Servers) > 0:
		port = c.Servers[0].Port
	case len(c.Frontends) > 0:
		port = c.Frontends[0].Port
	default:
		return ""
	}
	return "http://" + c.LinkHost("127.0.0.1") + ":" + strconv.Itoa(port)
}

func (n *Nginx) url(c *Config) string {
	scheme, host := "http", n.Address()
	if n.TLS {
		scheme = "https"
	}
	if host == "localhost" || net.ParseIP(host).IsLoopback() {
		host = c.LinkHost(host)
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(n.Port))
}

// Address is where this machine reaches the gateway.
func (n *Nginx) Address() string {
	if n.Host == "0.0.0.0" || n.Host == "::" {
		return "127.0.0.1"
	}
	return n.Host
}
