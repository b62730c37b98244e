package builtin

import (
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/local"
	"muster/internal/proc"
)

// settings are what the builtin gateway reads from its file: the same routes
// that nginx.conf has.
type settings struct {
	Listen         string              `json:"listen"`
	RedirectListen string              `json:"redirect_listen,omitempty"`
	Port           int                 `json:"port"`
	Hosts          []string            `json:"hosts,omitempty"`       // see gateway.Hosts
	Certificate    string              `json:"certificate,omitempty"` // with Key: HTTPS
	Key            string              `json:"key,omitempty"`
	AccessLog      string              `json:"access_log"`
	Routes         []gateway.Route     `json:"routes"`
	Balance        map[string]string   `json:"balance"`                  // by server
	Spares         map[string][]string `json:"spares"`                   // by server: its stand-ins
	Aside          string              `json:"aside"`                    // folder: while it holds a file of a server's name, these answer
	FrontendPorts  []int               `json:"frontend_ports,omitempty"` // the pages' own, whose pages may read errors
	ReadTimeout    time.Duration       `json:"read_timeout"`
	StreamTimeout  time.Duration       `json:"stream_timeout"`
}

// Config makes the text of the builtin gateway's file, whose place is
// local.Dir.BuiltinConf.
func Config(c *config.Config) ([]byte, error) {
	if c.Nginx == nil {
		return nil, fmt.Errorf("%s has no nginx section, so there is no gateway to run", c.File)
	}
	table, err := gateway.Table(c)
	if err != nil {
		return nil, err
	}
	n := c.Nginx
	s := settings{
		Listen:      net.JoinHostPort(proc.Localhost(n.Host), strconv.Itoa(n.Port)),
		Port:        n.Port,
		Hosts:       gateway.Hosts(n),
		AccessLog:   c.Local().Log("nginx-access"),
		Routes:      table,
		Balance:     map[string]string{},
		Spares:      map[string][]string{},
		Aside:       filepath.Join(string(c.Local()), local.AsideDir),
		ReadTimeout: n.ReadTimeout, StreamTimeout: gateway.StreamTimeout(n.ReadTimeout),
	}
	for _, server := range c.Servers {
		s.Balance[server.Name] = server.Balance
		s.Spares[server.Name] = gateway.Spares(c, server)
	}
	for _, f := range c.Frontends {
		s.FrontendPorts = append(s.FrontendPorts, f.Port)
	}
	if n.TLS {
		s.Certificate, s.Key = c.Local().Certificate(), c.Local().CertificateKey()
		if n.RedirectPort != 0 {
			s.RedirectListen = net.JoinHostPort(proc.Localhost(n.Host), strconv.Itoa(n.RedirectPort))
		}
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

func readSettings(file string) (*settings, error) {
	data, err := local.Read(file, local.MaxState)
	if err != nil {
		return nil, fmt.Errorf("builtin gateway: %w", err)
	}
	s := &settings{}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("builtin gateway: %s: %w", file, err)
	}
	return s, nil
}
