package gateway_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"muster/internal/config"
)

// trusting is a client that trusts c's authority and nothing else.
func trusting(t *testing.T, c *config.Config) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(c.Local().Authority())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			// A machine may not know its localhost by name.
			return new(net.Dialer).DialContext(ctx, network, strings.Replace(addr, "localhost:", "127.0.0.1:", 1))
		}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func TestHTTPS(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", "PORT, tls: true, redirect_port: <redirect>", 1)
	eachGateway(t, text, append([]string{"redirect*0"}, three...), func(t *testing.T, b *bench) {
		b.client = trusting(t, b.c)
		for _, host := range []string{"127.0.0.1", "localhost"} {
			url := fmt.Sprintf("https://%s:%d/api/v1/broker/x", host, b.c.Nginx.Port)
			resp, err := b.client.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 200 || resp.ProtoMajor != 2 {
				t.Errorf("%s: %d, HTTP/%d", url, resp.StatusCode, resp.ProtoMajor)
			}
		}
		resp, err := b.client.Get(fmt.Sprintf("http://127.0.0.1:%d/a/b?c=d", b.c.Nginx.RedirectPort))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		want := fmt.Sprintf("https://127.0.0.1:%d/a/b?c=d", b.c.Nginx.Port)
		if got := resp.Header.Get("Location"); resp.StatusCode != 308 || got != want {
			t.Errorf("redirected with %d to %q, want %q", resp.StatusCode, got, want)
		}
	})
}
