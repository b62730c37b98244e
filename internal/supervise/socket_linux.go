package supervise

import (
	"os"
	"strconv"
)

// maxSocketPath is the length of sun_path in unix(7), less the final NUL.
const maxSocketPath = 107

// withSocketPath calls use with a path of the control socket that fits into
// a socket address however deep the project lies: through a descriptor of its
// folder.
func withSocketPath(p Paths, use func(path string) error) error {
	if path := p.socket(); len(path) <= maxSocketPath {
		return use(path)
	}
	dir, err := os.Open(p.run())
	if err != nil {
		return err
	}
	defer dir.Close()
	return use("/proc/self/fd/" + strconv.Itoa(int(dir.Fd())) + "/" + socketName)
}
