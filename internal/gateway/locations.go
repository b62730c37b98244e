package gateway

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"muster/internal/config"
)

type upstream struct {
	Name, Balance string
	Peers         []string
}

type location struct {
	Match, Kind, Server string
	Plain               bool // of no special kind
	Strip               int  // number of the map that has the URL without its beginning; 0: the URL as it is
}

// strip is the beginning of paths that a server does not get.
type strip struct {
	Number  int
	Pattern string // regular expression
}

// query is the routing of WebSockets by a query parameter.
type query struct {
	Param, Default string
	Refusal        string // JSON
	Routes         []struct{ Value, Server string }
}

func (d *conf) upstreams(c *config.Config) error {
	seen := map[string]bool{}
	for _, s := range c.Servers {
		if _, err := word("the server's name", s.Name); err != nil {
			return err
		}
		// nginx compares the names of upstreams without case.
		lower := strings.ToLower(s.Name)
		if seen[lower] {
			return fmt.Errorf("the server %s occurs twice (nginx does not tell upper from lower case)", s.Name)
		}
		seen[lower] = true
		u := upstream{Name: "server_" + s.Name}
		spare := upstream{Name: u.Name + "_spare"}
		u.Peers, spare.Peers = peers(addresses(s)), peers(Spares(c, s))
		if len(u.Peers) == 0 {
			return fmt.Errorf("the server %s has no instance", s.Name)
		}
		switch s.Balance {
		case config.LeastConn, config.IPHash:
			u.Balance, spare.Balance = s.Balance, s.Balance
		case config.RoundRobin, "":
		default:
			return fmt.Errorf("server %s: unknown balance %q", s.Name, s.Balance)
		}
		if d.Container != nil {
			u.Peers = []string{resolved(s.Name, s.Port)}
			d.Upstreams = append(d.Upstreams, u)
			continue
		}
		d.Upstreams = append(d.Upstreams, u, spare)
	}
	for _, f := range c.Frontends {
		if _, err := word("the frontend's name", f.Name); err != nil {
			return err
		}
		if d.Container != nil {
			d.Upstreams = append(d.Upstreams, upstream{Name: "frontend_" + f.Name, Peers: []string{resolved(f.Name, f.Port)}})
			continue
		}
		port := strconv.Itoa(f.Port)
		d.Upstreams = append(d.Upstreams, upstream{Name: "frontend_" + f.Name, Peers: []string{
			"127.0.0.1:" + port + " max_fails=0",
			"[::1]:" + port + " max_fails=0 backup",
		}})
	}
	return nil
}

// resolved are the instances behind a name, however many there are at the moment.
func resolved(name string, port int) string {
	return net.JoinHostPort(name, strconv.Itoa(port)) + resolvedPeer
}

const resolvedPeer = patience + " resolve"

// peers are addresses as the servers of an upstream.
func peers(addresses []string) []string {
	if len(addresses) < 2 {
		return addresses
	}
	out := make([]string, len(addresses))
	for i, a := range addresses {
		// A dead instance is left alone for two seconds: long enough for a hung one
		// to cost little, short enough for a restarted one to be back at once. A
		// request that breaks whichever instance it reaches, tried at each, is no
		// sign of that: it takes ten to make every one of them look dead.
		out[i] = a + patience
	}
	return out
}

const patience = " max_fails=10 fail_timeout=2s"

func (d *conf) locations(c *config.Config) error {
	table, err := Table(c)
	if err != nil {
		return err
	}
	seen := map[string]bool{"= /nginx-status": true}
	for _, r := range table {
		path, err := urlPath(r.Path)
		if err != nil {
			return err
		}
		if _, known := c.Server(r.Server); r.Kind != Frontend && r.Server != "" && !known {
			return fmt.Errorf("%s goes to the server %s, which does not exist", r.Pattern(), r.Server)
		}
		if r.Param != "" {
			if err := d.addQuery(r); err != nil {
				return err
			}
			if r.Value == "*" {
				d.Locations = append(d.Locations, location{Match: "= " + path, Kind: "query"})
				seen["= "+path] = true
			}
			continue
		}
		match := path
		if !r.Prefix {
			match = "= " + path
		}
		if seen[match] {
			continue // the first of two routes on one path wins
		}
		seen[match] = true
		d.CatchAll = d.CatchAll || match == "/"
		d.Locations = append(d.Locations, location{Match: match, Kind: string(r.Kind), Server: r.Server,
			Plain: r.Kind != WebSocket && r.Kind != Frontend && r.Strip == "", Strip: d.strip(r.Strip)})
	}
	return d.refusal(c.WebSocket.QueryParamName)
}

// strip is the number of the map that takes the beginning off a URL.
func (d *conf) strip(beginning string) int {
	if beginning == "" {
		return 0
	}
	pattern := regexp.QuoteMeta(beginning)
	i := slices.IndexFunc(d.Strips, func(s strip) bool { return s.Pattern == pattern })
	if i < 0 {
		i = len(d.Strips)
		d.Strips = append(d.Strips, strip{i + 1, pattern})
	}
	return i + 1
}

func (d *conf) addQuery(r Route) error {
	if _, err := word("the query parameter", r.Param); err != nil {
		return err
	}
	if strings.ContainsAny(r.Param, "-.~") {
		return fmt.Errorf("the query parameter %q must be letters, digits and _", r.Param)
	}
	if d.Query == nil {
		d.Query = &query{Param: r.Param, Default: `""`}
	}
	if r.Value == "*" {
		if r.Server != "" {
			d.Query.Default = r.Server
		}
		return nil
	}
	value, err := word("the module", r.Value)
	if err != nil {
		return err
	}
	d.Query.Routes = append(d.Query.Routes, struct{ Value, Server string }{mapKey(value), r.Server})
	return nil
}

// refusal writes the answer to a WebSocket whose parameter names no route.
func (d *conf) refusal(param string) error {
	if d.Query == nil {
		return nil
	}
	var known []string
	for _, r := range d.Query.Routes {
		known = append(known, strings.Trim(r.Value, `"\`))
	}
	message := "the query parameter " + param + " must be one of: " + strings.Join(known, ", ")
	if len(message) > 3500 { // a parameter of a directive ends at 4096 bytes
		message = "the query parameter " + param + " is missing or names no module"
	}
	d.Query.Refusal = `{"error":{"status":400,"server":null,"message":"` + message + `"}}`
	return nil
}
