package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/internal/config"
)

// trusting is a client that trusts c's authority and nothing else.
func trusting(t *testing.T, c *config.Config) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(AuthorityFile(c))
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

func TestTheCertificateIsKeptAndRenewed(t *testing.T) {
	t.Parallel()
	c := load(t, "nginx: {port: 8443, tls: true}\nservers: {core: {port: 8001}}\n")
	certFile, keyFile := certFiles(c)
	make := func(at time.Time) (ca, cert []byte) {
		t.Helper()
		if err := ensureCertificate(c, at); err != nil {
			t.Fatal(err)
		}
		ca, _ = os.ReadFile(AuthorityFile(c))
		cert, _ = os.ReadFile(certFile)
		p, err := readPair(certFile, keyFile)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(ca)
		for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
			if _, err := p.cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: at}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		return ca, cert
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ca1, cert1 := make(now)
	ca2, cert2 := make(now.AddDate(0, 6, 0))
	if !bytes.Equal(ca1, ca2) || !bytes.Equal(cert1, cert2) {
		t.Error("made anew after half a year")
	}
	ca3, cert3 := make(now.AddDate(1, 0, 20))
	if !bytes.Equal(ca1, ca3) || bytes.Equal(cert1, cert3) {
		t.Error("after a year the certificate must be new, and the authority the same")
	}
	last := cert3
	for _, host := range []string{"192.0.2.7", "a.example", "b.example"} {
		c.Nginx.Host = host
		_, cert := make(now.AddDate(1, 0, 20))
		if bytes.Equal(last, cert) {
			t.Errorf("%s got the old certificate", host)
		}
		last = cert
	}
	if err := os.Remove(AuthorityFile(c)); err != nil {
		t.Fatal(err)
	}
	make(now.AddDate(1, 0, 20)) // or the certificate would be another authority's
	if ca5, _ := make(now.AddDate(9, 0, 0)); bytes.Equal(ca1, ca5) {
		t.Error("the authority would end before the certificate")
	}
	for _, f := range []string{keyFile, filepath.Join(filepath.Dir(keyFile), "ca.key")} {
		if st, err := os.Stat(f); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, st.Mode(), err)
		}
	}
}
