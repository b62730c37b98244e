package gateway

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"muster/internal/config"
)

func TestTheCertificateIsKeptAndRenewed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "dev-config.yaml")
	c, err := config.Parse(file, []byte("nginx: {port: 8443, tls: true}\nservers: {core: {port: 8001}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := c.Local().Certificate(), c.Local().CertificateKey()
	make := func(at time.Time) (ca, cert []byte) {
		t.Helper()
		if err := ensureCertificate(c, at); err != nil {
			t.Fatal(err)
		}
		ca, _ = os.ReadFile(c.Local().Authority())
		cert, _ = os.ReadFile(certFile)
		p, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(ca)
		for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
			if _, err := p.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: at}); err != nil {
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
	c.Nginx.Hosts = []string{"my.test", "*.your.test"}
	_, cert := make(now.AddDate(1, 0, 20))
	block, _ := pem.Decode(cert)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil || leaf.VerifyHostname("my.test") != nil || leaf.VerifyHostname("a.your.test") != nil {
		t.Errorf("the certificate lacks the names of nginx.hosts (%v)", err)
	}
	if err := os.Remove(c.Local().Authority()); err != nil {
		t.Fatal(err)
	}
	make(now.AddDate(1, 0, 20)) // or the certificate would be another authority's
	if ca5, _ := make(now.AddDate(9, 0, 0)); bytes.Equal(ca1, ca5) {
		t.Error("the authority would end before the certificate")
	}
	for _, f := range []string{keyFile, c.Local().AuthorityKey()} {
		if st, err := os.Stat(f); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, st.Mode(), err)
		}
	}
}
