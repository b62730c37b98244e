package gateway

import (
	"net/netip"
	"slices"
	"strings"

	"muster/internal/config"
)

// StrangeHost is the message of a 421: the request's Host is none of Hosts.
const StrangeHost = "the gateway does not answer for this host: if it is yours, name it in nginx.hosts"

// Hosts are the names that may stand in a request's Host, in lower case;
// "*.my.test" is every name below my.test. IP addresses always may. nil is any
// name: where only this machine listens, another's name is that of a page which
// had it point here (DNS rebinding), and a browser would let that page read
// every answer.
func Hosts(n *config.Nginx) []string {
	if n.Hosts == nil && !loopback(n.Host) {
		return nil
	}
	names := []string{"localhost", "*.localhost"}
	for _, h := range append([]string{n.Host}, n.Hosts...) {
		h = strings.ToLower(h)
		if _, err := netip.ParseAddr(h); err != nil && h != "" && !slices.Contains(names, h) {
			names = append(names, h)
		}
	}
	return names
}

// loopback tells an address that only this machine reaches. "" is 127.0.0.1.
func loopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	host = strings.ToLower(host)
	return host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// StrangeHost is the answer to another, as nginx.conf has it between '. nginx
// refuses some requests, such as TRACE, before it looks at their Host.
func (d *conf) StrangeHost() string {
	return `{"error":{"status":$status,"server":null,"message":"` + StrangeHost + `"}}\n`
}

// hosts writes the names as the keys of a map.
func (d *conf) hosts(n *config.Nginx) error {
	for _, h := range Hosts(n) {
		if _, err := word("nginx.hosts", strings.TrimPrefix(h, "*.")); err != nil {
			return err
		}
		d.Hosts = append(d.Hosts, mapKey(h))
	}
	return nil
}
