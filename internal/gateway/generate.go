package gateway

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"time"

	"muster/internal/config"
	"muster/internal/local"
	"muster/internal/proc"
	"muster/templates"
)

// Options are what a generated file depends on besides the configuration.
type Options struct {
	// Binary is the nginx that will read the file: versions and builds differ
	// in their directives. The zero Binary gives a file that all of them read.
	Binary Binary
	// User is nginx's user directive, which root needs: workers would
	// otherwise become a user who cannot read below the home of root.
	User string
	// Container is set for a file that nginx reads in a container, beside those of the
	// servers; nil: on this machine.
	Container *Container
}

// Container is where nginx is in one. A server is reached at its name and its first
// port, whatever the number of its instances is, and has no stand-ins: that needs
// nginx 1.27.3 or newer.
type Container struct {
	Resolver         string // absolute path of the file that has ResolverDirective
	Dir              string // absolute folder that nginx may write into
	AccessLog        string // absolute path; "" keeps none
	Certificate, Key string // absolute paths, of TLS
	Extra            string // absolute path of the file of nginx.extra
}

// conf is what the template sees. Its strings are checked or quoted.
type conf struct {
	Source      string
	User        string
	Workers     string
	Connections int
	OpenFiles   int
	TempPaths   []string

	KeepaliveMinTimeout bool
	StubStatus          bool
	HTTP2Directive      bool

	ReadTimeout, StreamTimeout, RetryWithin string

	Listen, RedirectListen []string // addresses with their parameters
	Port                   int
	Hosts                  []string // keys of a map; nil: any
	TLS                    bool
	Extra                  string

	Upstreams []upstream
	Locations []location
	CatchAll  bool // some location is "/"

	FrontendPorts string // of the pages, as a regular expression; "": no frontend
	Strips        []strip
	Query         *query

	local     string // absolute path of .local
	relative  bool   // write paths relative to nginx's -p
	Container *Container
}

// ResolverDirective names the DNS server that knows the servers' names, whose address is
// that of %s. Only the container knows it.
const ResolverDirective = "resolver %s valid=5s ipv6=off;"

// Generate makes the text of nginx.conf.
func Generate(c *config.Config, o Options) ([]byte, error) {
	d, err := describe(c, o)
	if err != nil {
		return nil, fmt.Errorf("generate nginx.conf: %w", err)
	}
	t, err := template.ParseFS(templates.FS, "nginx.conf.tmpl")
	if err != nil {
		return nil, fmt.Errorf("generate nginx.conf: %w", err)
	}
	var b bytes.Buffer
	b.Grow(8<<10 + 256*(len(d.Locations)+len(d.Upstreams)))
	if err := t.Execute(&b, d); err != nil {
		return nil, fmt.Errorf("generate nginx.conf: %w", err)
	}
	return b.Bytes(), nil
}

func describe(c *config.Config, o Options) (*conf, error) {
	n := c.Nginx
	if n == nil {
		return nil, fmt.Errorf("%s has no nginx section, so there is no gateway to generate", c.File)
	}
	// A worker needs a descriptor for each of its connections, and some for
	// its logs and listeners.
	d := &conf{
		Workers: n.WorkerProcesses, Connections: n.WorkerConnections, OpenFiles: n.WorkerConnections + 256,
		Port: n.Port, TLS: n.TLS,
		KeepaliveMinTimeout: o.Binary.atLeast("1.27.4"),
		StubStatus:          o.Binary.has("http_stub_status"),
		HTTP2Directive:      o.Binary.atLeast("1.25.1"),
		local:               string(c.Local()),
		Container:           o.Container,
	}
	d.timeouts(n.ReadTimeout)
	var ports []string
	for _, f := range c.Frontends {
		ports = append(ports, strconv.Itoa(f.Port))
	}
	d.FrontendPorts = strings.Join(ports, "|")
	// nginx expands variables in some paths and has no escape for "$".
	d.relative = strings.Contains(d.local, "$")
	if d.Workers != "auto" {
		if i, err := strconv.Atoi(d.Workers); err != nil || i < 1 {
			return nil, fmt.Errorf("nginx.worker_processes %q is neither a number nor auto", d.Workers)
		}
	}
	if d.Connections < 1 {
		return nil, fmt.Errorf("nginx.worker_connections %d is not a positive number", d.Connections)
	}
	if _, err := d.Path("nginx.conf"); err != nil {
		return nil, err
	}
	d.Source = filepath.Base(c.File)
	if _, err := quote(d.Source); err != nil {
		return nil, err
	}
	for w := range strings.FieldsSeq(o.User) {
		if _, err := word("the user", w); err != nil {
			return nil, err
		}
	}
	d.User = o.User
	for _, p := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		if p == "client_body" || o.Binary.has("http_"+p) {
			d.TempPaths = append(d.TempPaths, p)
		}
	}
	if err := d.listen(n, o.Binary); err != nil {
		return nil, err
	}
	if err := d.hosts(n); err != nil {
		return nil, err
	}
	if err := d.extra(c, n.Extra); err != nil {
		return nil, err
	}
	if err := d.upstreams(c); err != nil {
		return nil, err
	}
	return d, d.locations(c)
}

// Aside is the flag file of a server, or of that in a variable of nginx: while it
// is there, the server's stand-ins answer.
func (d *conf) Aside(server string) (string, error) {
	dir, err := d.Path(local.AsideDir)
	return strings.TrimSuffix(dir, `"`) + "/" + server + `"`, err
}

// timeouts are those of a server. Another instance is not tried once a request
// has waited for one in vain.
func (d *conf) timeouts(read time.Duration) {
	ms := func(t time.Duration) string { return strconv.FormatInt(t.Milliseconds(), 10) + "ms" }
	d.ReadTimeout = ms(read)
	d.StreamTimeout = ms(StreamTimeout(read))
	d.RetryWithin = ms(min(read, 5*time.Second))
}

// StreamTimeout is the longest silence of a WebSocket or an event stream, where
// other answers have read.
func StreamTimeout(read time.Duration) time.Duration { return max(read, time.Hour) }

// Path is a path below .local as an argument of a directive.
func (d *conf) Path(name string) (string, error) {
	switch {
	case d.Container != nil:
		return quote(d.Container.path(name))
	case d.relative:
		return quote(name)
	}
	return quote(filepath.ToSlash(filepath.Join(d.local, name)))
}

// path is where a container has what is below .local elsewhere.
func (c *Container) path(name string) string {
	switch name {
	case "resolver.conf":
		return c.Resolver
	case "tls/localhost.crt":
		return c.Certificate
	case "tls/localhost.key":
		return c.Key
	case "logs/nginx-access.log":
		return c.AccessLog
	}
	return path.Join(c.Dir, path.Base(name))
}

func (d *conf) listen(n *config.Nginx, b Binary) error {
	host := proc.Localhost(cmp.Or(n.Host, "127.0.0.1"))
	if d.Container != nil {
		host = "0.0.0.0" // who reaches the container is said where its port is published
	}
	hosts := []string{host}
	if ip := net.ParseIP(host); ip == nil {
		if _, err := word("nginx.host", host); err != nil {
			return err
		}
	} else if ip.Equal(net.IPv6unspecified) {
		// Every address of this machine, which to nginx are those of IPv6. As
		// two sockets, so that 127.0.0.1 is not called ::ffff:127.0.0.1.
		hosts = append(hosts, "0.0.0.0")
	}
	listen := func(p int, parameters string) ([]string, error) {
		if p < 1 || p > 65535 {
			return nil, fmt.Errorf("the gateway's port %d is not a port", p)
		}
		var list []string
		for _, h := range hosts {
			// A page that opens thousands of sockets at once must not wait for a second SYN.
			list = append(list, net.JoinHostPort(h, strconv.Itoa(p))+parameters+" backlog=4096")
		}
		return list, nil
	}
	parameters := ""
	if n.TLS {
		parameters = " ssl"
		if !d.HTTP2Directive && b.has("http_v2") {
			parameters += " http2"
		}
		d.HTTP2Directive = d.HTTP2Directive && b.has("http_v2")
	}
	var err error
	if d.Listen, err = listen(n.Port, parameters); err == nil && n.TLS && n.RedirectPort != 0 {
		d.RedirectListen, err = listen(n.RedirectPort, "")
	}
	return err
}

// extra names the user's own file of directives. "include" takes a pattern.
func (d *conf) extra(c *config.Config, name string) error {
	if name == "" {
		return nil
	}
	if d.Container != nil {
		var err error
		d.Extra, err = quote(d.Container.Extra)
		return err
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.Dir, name)
	}
	if st, err := os.Stat(path); err != nil {
		return fmt.Errorf("nginx.extra: %w", err)
	} else if st.IsDir() {
		return fmt.Errorf("nginx.extra: %s is a folder: name a file of directives", path)
	}
	if strings.ContainsAny(path, "*?[") {
		return fmt.Errorf("nginx.extra: %s holds one of * ? [, which nginx's include takes for a pattern: rename it", path)
	}
	var err error
	d.Extra, err = quote(path)
	return err
}
