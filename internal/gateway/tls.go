package gateway

import (
	"path/filepath"

	"muster/internal/config"
)

// certFiles are the gateway's certificate and key.
func certFiles(c *config.Config) (cert, key string) {
	dir := filepath.Join(c.Dir, ".local", "tls")
	return filepath.Join(dir, "localhost.crt"), filepath.Join(dir, "localhost.key")
}
