package install

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/local"
)

// lockFile holds the SHA-256 of every binary that was ever installed, by file
// name. It lies beside the configuration file and belongs in version control:
// the index has only SHA-1, so the first download of a team vouches for all
// later ones. Its lines are those of sha256sum(1).
type lockFile map[string]string

func lockPath(c *config.Config) string { return filepath.Join(c.Dir, "nginx.lock") }

func readLock(c *config.Config) (lockFile, error) {
	l := lockFile{}
	data, err := os.ReadFile(lockPath(c))
	if errors.Is(err, os.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the lock file: %w", err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		sum, name, ok := strings.Cut(line, "  ")
		if !ok || len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" || !safeFilename(name) {
			return nil, fmt.Errorf("%s:%d: must be a SHA-256, two blanks and a file name", lockPath(c), n)
		}
		l[name] = sum
	}
	return l, nil
}

func (l lockFile) write(c *config.Config) error {
	var b strings.Builder
	b.WriteString("# SHA-256 of the nginx binaries that muster has installed. Keep this file in version control.\n")
	for _, name := range slices.Sorted(maps.Keys(l)) {
		b.WriteString(l[name] + "  " + name + "\n")
	}
	return local.Write(lockPath(c), []byte(b.String()), 0o644)
}

// safeFilename accepts a plain name: it becomes part of a path and of a URL.
func safeFilename(s string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
	return s != "" && s[0] != '.' && strings.Trim(s, plain) == ""
}
