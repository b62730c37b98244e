package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"muster/internal/config"
	"muster/internal/local"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	// Browsers refuse certificates that live longer than 398 days.
	certificateLife = 397 * 24 * time.Hour
	renewBefore     = 30 * 24 * time.Hour
)

// ensureCertificate makes the local authority and the gateway's certificate
// where they are missing, near their end or for other names.
func ensureCertificate(c *config.Config, now time.Time) error {
	d := c.Local()
	if err := os.MkdirAll(d.TLS(), 0o700); err != nil {
		return fmt.Errorf("local certificate: %w", err)
	}
	ca, err := tls.LoadX509KeyPair(d.Authority(), d.AuthorityKey())
	if err != nil || now.After(ca.Leaf.NotAfter.Add(-renewBefore-certificateLife)) {
		host, _ := os.Hostname()
		t := &x509.Certificate{
			Subject:  pkix.Name{CommonName: "muster development authority (" + host + ")"},
			NotAfter: now.Add(authorityLife),
			IsCA:     true, BasicConstraintsValid: true, MaxPathLenZero: true,
			KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		}
		if ca, err = issue(t, nil, now, d.Authority(), d.AuthorityKey()); err != nil {
			return fmt.Errorf("local certificate authority: %w", err)
		}
	}
	names, ips := certNames(c)
	old, err := tls.LoadX509KeyPair(d.Certificate(), d.CertificateKey())
	if err == nil && fits(old.Leaf, ca.Leaf, names, ips, now) {
		return nil
	}
	t := &x509.Certificate{
		Subject:  pkix.Name{CommonName: names[0]},
		NotAfter: now.Add(certificateLife),
		DNSNames: names, IPAddresses: ips,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if _, err := issue(t, &ca, now, d.Certificate(), d.CertificateKey()); err != nil {
		return fmt.Errorf("local certificate: %w", err)
	}
	return nil
}

// certNames are the names under which the gateway is reached on this machine.
func certNames(c *config.Config) ([]string, []net.IP) {
	names := []string{"localhost"}
	ips := []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback}
	add := func(h string) {
		ip := net.ParseIP(h)
		switch {
		case h == "" || ip != nil && (ip.IsUnspecified() || slices.ContainsFunc(ips, ip.Equal)):
		case ip != nil:
			ips = append(ips, ip)
		case !slices.Contains(names, h):
			names = append(names, h)
		}
	}
	for _, h := range append([]string{c.Nginx.Host, c.LinkHost("")}, c.Nginx.Hosts...) {
		add(h)
	}
	if h, err := os.Hostname(); err == nil {
		add(h)
	}
	return names, ips
}

func fits(cert, ca *x509.Certificate, names []string, ips []net.IP, now time.Time) bool {
	return cert.CheckSignatureFrom(ca) == nil && now.Before(cert.NotAfter.Add(-renewBefore)) && !now.Before(cert.NotBefore) &&
		slices.Equal(cert.DNSNames, names) && slices.EqualFunc(cert.IPAddresses, ips, net.IP.Equal)
}

// issue makes a key and a certificate for it, signed by ca or, with none, by
// itself. The key is written first: a certificate without its key is renewed.
func issue(t *x509.Certificate, ca *tls.Certificate, now time.Time, certFile, keyFile string) (tls.Certificate, error) {
	var none tls.Certificate
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return none, err
	}
	if ca == nil {
		ca = &tls.Certificate{Leaf: t, PrivateKey: key}
	}
	t.NotBefore = now.Add(-time.Hour) // clocks of containers and hosts differ
	der, err := x509.CreateCertificate(rand.Reader, t, ca.Leaf, key.Public(), ca.PrivateKey)
	if err != nil {
		return none, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return none, err
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if err := local.Write(keyFile, keyPEM, 0o600); err != nil {
		return none, err
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := local.Write(certFile, certPEM, 0o644); err != nil {
		return none, err
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}
