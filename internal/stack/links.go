package stack

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"muster/internal/plan"
)

// Entry is the URL that a plan is reached at.
func Entry(p *plan.Plan) string {
	url := ""
	for _, proc := range p.Processes {
		if proc.Kind == plan.Gateway || url == "" && proc.Name != DashboardName {
			url = proc.URL
		}
	}
	return url
}

// Links is where everything of a plan that runs is, by name.
func (st *Stack) Links(p *plan.Plan) (rows [][2]string) {
	gateway := st.cfg.Page() != nil && st.cfg.Nginx != nil
	if gateway {
		rows = append(rows, [2]string{"page", Entry(p)})
	}
	for _, proc := range p.Processes {
		if proc.Name == DashboardName {
			rows = append(rows, [2]string{"dashboard", DashboardLink(st.client.Local, proc.URL)})
			continue
		}
		if proc.URL != "" && (proc.Kind != plan.Gateway || !gateway) {
			rows = append(rows, [2]string{proc.Name, proc.URL})
		}
		if proc.Debug != 0 {
			rows = append(rows, [2]string{proc.Name, DebugLink(proc)})
		}
	}
	if docs := Entry(p) + st.cfg.APIBaseURL + "/docs"; serves(docs) {
		rows = append(rows, [2]string{"docs", docs})
	}
	return append(rows, [2]string{"log", st.client.Local.Unified()})
}

// DebugLink is where a debugger may be attached to a process.
func DebugLink(p plan.Process) string { return fmt.Sprintf("debugger 127.0.0.1:%d", p.Debug) }

// serves tells whether there is a page at a URL: an application may have its
// documentation elsewhere, or none.
func serves(url string) bool {
	c := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DialContext: dial,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}} //nolint:gosec // it is our own gateway
	res, err := c.Get(url)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// dial knows the names below localhost, which a machine may not.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil && strings.HasSuffix(host, ".localhost") {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}
