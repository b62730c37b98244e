package supervise

import (
	"os"
	"strconv"

	"muster/internal/local"
)

// maxSocketPath is the length of sun_path in unix(7), less the final NUL.
const maxSocketPath = 107

// withSocketPath calls use with a path of the control socket that fits into
// a socket address however deep the project lies: through a descriptor of its
// folder.
func withSocketPath(d local.Dir, use func(path string) error) error {
	if path := d.Socket(); len(path) <= maxSocketPath {
		return use(path)
	}
	dir, err := os.Open(d.Run())
	if err != nil {
		return err
	}
	defer dir.Close()
	return use("/proc/self/fd/" + strconv.Itoa(int(dir.Fd())) + "/" + local.SocketName)
}
