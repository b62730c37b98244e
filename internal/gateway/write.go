package gateway

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"muster/internal/config"
)

// ConfFile is where the generated nginx.conf lies.
func ConfFile(c *config.Config) string { return filepath.Join(c.Dir, ".local", "nginx.conf") }

// Prepare makes the folders below .local that the gateway writes to and, with
// TLS, its certificate.
func Prepare(c *config.Config) error {
	for _, d := range []string{"logs", "run", "tmp"} {
		if err := os.MkdirAll(filepath.Join(c.Dir, ".local", d), 0o755); err != nil {
			return fmt.Errorf("prepare the gateway's folders: %w", err)
		}
	}
	if c.Nginx != nil && c.Nginx.TLS {
		return ensureCertificate(c, time.Now())
	}
	return nil
}

// Write replaces a file as a whole, and leaves it alone when it already holds
// data.
func Write(path string, data []byte) (changed bool, err error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return false, nil
	}
	return true, replace(path, data, 0o644)
}

// replace writes data to a temporary file beside path and renames it.
func replace(path string, data []byte, mode os.FileMode) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	_, err = f.Write(data)
	if e := f.Chmod(mode); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
