package dashboard

import (
	"strings"
	"time"

	"muster/internal/logs/view"
)

// request is a line of the gateway's access log.
type request struct {
	Time     time.Time `json:"time"`
	ID       string    `json:"id,omitempty"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Status   int       `json:"status"`
	Bytes    int64     `json:"bytes"`
	Seconds  float64   `json:"seconds"`            // in the gateway, all in all
	Upstream float64   `json:"upstream,omitempty"` // of these, in the server
	Server   string    `json:"server,omitempty"`   // that answered
}

// longestPath is what is kept of a path, in bytes.
const longestPath = 512

// parseRequest reads a line; one of before the gateway wrote JSON says no time.
func parseRequest(line []byte) (request, bool) {
	r, ok := view.ParseRequest(line)
	if !ok || r.Time.IsZero() {
		return request{}, false
	}
	upstream := 0.0
	for _, s := range r.UpstreamSeconds {
		upstream += s
	}
	return request{Time: r.Time, ID: cut(r.ID, 128), Method: cut(r.Method, 16), Path: cut(r.Path, longestPath), Status: r.Status, Bytes: r.Bytes,
		Seconds: r.Seconds, Upstream: upstream, Server: cut(r.Server, 64)}, true
}

func cut(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "") }

// template is a path without what names a single thing, so that requests for many
// things of a kind are one row.
func template(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if isName(p) {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, "/")
}

// isName tells whether a part of a path is a number, a digest, a UUID or longer than
// words are.
func isName(p string) bool {
	const hex = "0123456789abcdefABCDEF-"
	digits := strings.Count(p, "0") + len(strings.FieldsFunc(p, func(c rune) bool { return c < '1' || c > '9' }))
	switch {
	case p == "":
		return false
	case strings.Trim(p, "0123456789") == "", len(p) > 40:
		return true
	}
	return len(p) >= 8 && digits > 0 && strings.Trim(p, hex) == ""
}
