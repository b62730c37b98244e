package export

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"muster/internal/config"
)

// runtime is the language of a process, as far as its command tells: what can be run
// in its image.
func runtime(m config.Member) string {
	if m.Command == nil {
		return "python"
	}
	switch program := path.Base(m.Command[0]); {
	case strings.HasPrefix(program, "python"), program == "uvicorn", program == "gunicorn":
		return "python"
	case slices.Contains([]string{"node", "npm", "npx", "pnpm", "yarn"}, program):
		return "node"
	}
	return ""
}

// Programs that look at a URL, or at a port, with what an image has. The status of a
// URL has to be below their second argument.
const (
	pythonURL = `import sys, urllib.request, urllib.error
try: status = urllib.request.urlopen(sys.argv[1], timeout=60).status
except urllib.error.HTTPError as e: status = e.code
sys.exit(status >= int(sys.argv[2]))`
	pythonPort = `import sys, socket
socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60)`
	nodeURL   = `fetch(process.argv[1]).then(r => process.exit(r.status < +process.argv[2] ? 0 : 1), () => process.exit(1))`
	nodePort  = `require("net").connect(+process.argv[1], "127.0.0.1").on("connect", () => process.exit(0)).on("error", () => process.exit(1))`
	shellURL  = `wget -q -O /dev/null "$$1" || curl -fsS -o /dev/null "$$1"`
	shellPort = `nc -z 127.0.0.1 "$$1" || bash -c '</dev/tcp/127.0.0.1/'"$$1"`
)

// probe is a command that succeeds where a process is healthy; nil: there is none.
func (x *export) probe(m config.Member) []string {
	h := m.Health
	url := escape(fmt.Sprintf("http://127.0.0.1:%d%s", m.Port, h.Path))
	below := "400"
	if h.Guessed {
		below = "500"
	}
	port := fmt.Sprint(m.Port)
	switch {
	case h.Command != nil:
		return x.words(m.Path+".health.command", h.Command, m.Port)
	case h.Path != "":
		switch runtime(m) {
		case "python":
			return []string{"python", "-c", pythonURL, url, below}
		case "node":
			return []string{"node", "-e", nodeURL, url, below}
		}
		x.note(m.Path+".health.path", "is asked for by wget or curl, of which the image has to have one: write health.command otherwise")
		return []string{"sh", "-c", shellURL, "sh", url}
	case h.TCP:
		switch runtime(m) {
		case "python":
			return []string{"python", "-c", pythonPort, port}
		case "node":
			return []string{"node", "-e", nodePort, port}
		}
		x.note(m.Path+".health", "the port is tried by nc or bash, of which the image has to have one: write health.command otherwise")
		return []string{"sh", "-c", shellPort, "sh", port}
	}
	return nil
}

// checked tells whether an export can tell when a process is healthy.
func checked(m config.Member) bool {
	return m.Health.Command != nil || m.Health.Path != "" || m.Health.TCP
}

// seconds are those of a duration, rounded up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
