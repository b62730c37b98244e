package gateway

import (
	"crypto/tls"
	"os"
	"testing"
	"time"

	"muster/internal/config"
	"muster/internal/fuzztest"
)

// FuzzCertificate tries that there is a certificate that can be served, whatever lies in
// place of what there was.
func FuzzCertificate(f *testing.F) {
	made := &config.Config{Dir: f.TempDir(), Nginx: &config.Nginx{Host: "127.0.0.1", Port: 8443}}
	if err := ensureCertificate(made, time.Now()); err != nil {
		f.Fatal(err)
	}
	var files [4][]byte
	for i, file := range tlsFiles(made) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		files[i] = text
	}
	f.Add(files[0], files[1], files[2], files[3])
	f.Add(files[2], files[3], files[0], files[1])
	f.Add(files[0], files[3], []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), []byte(""))
	f.Fuzz(func(t *testing.T, ca, caKey, cert, key []byte) {
		fuzztest.Bound(t)
		c := &config.Config{Dir: t.TempDir(), Nginx: made.Nginx}
		if err := os.MkdirAll(c.Local().TLS(), 0o700); err != nil {
			t.Fatal(err)
		}
		for i, file := range tlsFiles(c) {
			if err := os.WriteFile(file, [][]byte{ca, caKey, cert, key}[i], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := ensureCertificate(c, time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := tls.LoadX509KeyPair(c.Local().Certificate(), c.Local().CertificateKey()); err != nil {
			t.Error(err)
		}
	})
}

func tlsFiles(c *config.Config) [4]string {
	d := c.Local()
	return [4]string{d.Authority(), d.AuthorityKey(), d.Certificate(), d.CertificateKey()}
}
