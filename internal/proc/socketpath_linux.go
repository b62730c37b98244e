package proc

import (
	"os"
	"path/filepath"
	"strconv"
)

// maxSocketPath is the length of sun_path in unix(7), less the final NUL.
const maxSocketPath = 107

// WithSocketPath goes through a descriptor of the socket's folder.
func WithSocketPath(path string, use func(path string) error) error {
	if len(path) <= maxSocketPath {
		return use(path)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return use("/proc/self/fd/" + strconv.Itoa(int(dir.Fd())) + "/" + filepath.Base(path))
}
