package gateway

import (
	"bytes"
	"fmt"
	"time"

	"muster/internal/config"
	"muster/internal/local"
)

// Prepare makes the folders below .local that the gateway writes to and, with
// TLS, its certificate.
func Prepare(c *config.Config) error {
	if err := c.Local().Make(); err != nil {
		return fmt.Errorf("prepare the gateway's folders: %w", err)
	}
	// nginx opens them by their paths, also through a link.
	if err := local.NoLinks(c.Local().NginxPid(), c.Local().Log("nginx-access"), c.Local().Log("nginx-error")); err != nil {
		return err
	}
	if c.Nginx != nil && c.Nginx.TLS {
		return ensureCertificate(c, time.Now())
	}
	return nil
}

// Write replaces a file as a whole, and leaves it alone when it already holds
// data.
func Write(path string, data []byte) (changed bool, err error) {
	if old, err := local.Read(path, local.MaxState); err == nil && bytes.Equal(old, data) {
		return false, nil
	}
	return true, local.Write(path, data, 0o600)
}
