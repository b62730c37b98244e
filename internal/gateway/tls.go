package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
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

// pair is a certificate with its key.
type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// ensureCertificate makes the local authority and the gateway's certificate
// where they are missing, near their end or for other names.
func ensureCertificate(c *config.Config, now time.Time) error {
	d := c.Local()
	if err := os.MkdirAll(d.TLS(), 0o700); err != nil {
		return fmt.Errorf("local certificate: %w", err)
	}
	ca, err := readPair(d.Authority(), d.AuthorityKey())
	if err != nil || now.After(ca.cert.NotAfter.Add(-renewBefore-certificateLife)) {
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
	names, ips := certNames(c.Nginx.Host)
	if old, err := readPair(d.Certificate(), d.CertificateKey()); err == nil && fits(old.cert, ca.cert, names, ips, now) {
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
func certNames(host string) ([]string, []net.IP) {
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
	add(host)
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
func issue(t *x509.Certificate, ca *pair, now time.Time, certFile, keyFile string) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	if t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return pair{}, err
	}
	t.NotBefore = now.Add(-time.Hour) // clocks of containers and hosts differ
	parent, signer := t, key
	if ca != nil {
		parent, signer = ca.cert, ca.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return pair{}, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return pair{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return pair{}, err
	}
	if err := local.Write(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		return pair{}, err
	}
	return pair{cert, key}, local.Write(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

func readPair(certFile, keyFile string) (pair, error) {
	certDER, err := readPEM(certFile)
	if err != nil {
		return pair{}, err
	}
	keyDER, err := readPEM(keyFile)
	if err != nil {
		return pair{}, err
	}
	cert, err := x509.ParseCertificate(certDER)
	if err != nil {
		return pair{}, err
	}
	any, err := x509.ParsePKCS8PrivateKey(keyDER)
	if err != nil {
		return pair{}, err
	}
	key, ok := any.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(cert.PublicKey) {
		return pair{}, errors.New("the key is another certificate's")
	}
	return pair{cert, key}, nil
}

func readPEM(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	b, _ := pem.Decode(data)
	if b == nil {
		return nil, fmt.Errorf("%s is no PEM file", file)
	}
	return b.Bytes, nil
}
