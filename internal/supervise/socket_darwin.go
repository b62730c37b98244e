package supervise

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"muster/internal/local"
)

// maxSocketPath is the length of sun_path in unix(4), less the final NUL.
const maxSocketPath = 103

// withSocketPath calls use with a path of the control socket that fits into
// a socket address however deep the project lies: through a link in a private
// folder, named for the project.
func withSocketPath(d local.Dir, use func(path string) error) error {
	if path := d.Socket(); len(path) <= maxSocketPath {
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
	sum := sha256.Sum256([]byte(string(d)))
	link := filepath.Join(dir, hex.EncodeToString(sum[:12]))
	if err := os.Symlink(d.Run(), link); err != nil && !os.IsExist(err) {
		return err
	}
	return use(filepath.Join(link, local.SocketName))
}

func ownedByUs(st os.FileInfo) bool {
	sys, ok := st.Sys().(*syscall.Stat_t)
	return ok && int(sys.Uid) == os.Getuid()
}
