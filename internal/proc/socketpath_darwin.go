package proc

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// maxSocketPath is the length of sun_path in unix(4), less the final NUL.
const maxSocketPath = 103

// WithSocketPath goes through a link in a private folder, named for the socket's
// own.
func WithSocketPath(path string, use func(path string) error) error {
	if len(path) <= maxSocketPath {
		return use(path)
	}
	dir := fmt.Sprintf("/tmp/muster-%d", os.Getuid())
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !st.IsDir() || st.Mode().Perm() != 0o700 || !ownedByUs(st) {
		return fmt.Errorf("%s is not a private folder of this user", dir)
	}
	sum := sha256.Sum256([]byte(filepath.Dir(path)))
	link := filepath.Join(dir, hex.EncodeToString(sum[:12]))
	if err := os.Symlink(filepath.Dir(path), link); err != nil && !os.IsExist(err) {
		return err
	}
	return use(filepath.Join(link, filepath.Base(path)))
}

func ownedByUs(st os.FileInfo) bool {
	sys, ok := st.Sys().(*syscall.Stat_t)
	return ok && int(sys.Uid) == os.Getuid()
}
