package dashboard

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
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

// parseRequest reads a line. What stands for a number may be a text, as nginx writes
// those of several servers that were tried: "0.001, 0.002", or "-".
func parseRequest(line []byte) (r request, ok bool) {
	var raw struct {
		Time            json.RawMessage
		ID              string
		Method, Path    string
		Status, Bytes   json.RawMessage
		Seconds         json.RawMessage
		UpstreamSeconds json.RawMessage `json:"upstream_seconds"`
		Server          string
	}
	if json.Unmarshal(line, &raw) != nil || raw.Path == "" {
		return r, false
	}
	r = request{ID: cut(raw.ID, 128), Method: cut(raw.Method, 16), Path: cut(raw.Path, longestPath), Server: cut(raw.Server, 64)}
	r.Status, r.Bytes = int(number(raw.Status)), int64(number(raw.Bytes))
	r.Seconds, r.Upstream = number(raw.Seconds), number(raw.UpstreamSeconds)
	text := strings.Trim(string(raw.Time), `"`)
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		r.Time = t
	} else if s, err := strconv.ParseFloat(text, 64); err == nil && s > 0 && s < 1e11 {
		r.Time = time.UnixMilli(int64(s * 1000))
	}
	return r, !r.Time.IsZero() && r.Time.Year() < 10_000 && r.Status > 0 && r.Status < 1000
}

func cut(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "") }

// number is the sum of those in a value.
func number(raw json.RawMessage) (sum float64) {
	for part := range strings.FieldsFuncSeq(string(raw), func(c rune) bool { return strings.ContainsRune(`", :`, c) }) {
		if n, err := strconv.ParseFloat(part, 64); err == nil && n >= 0 && n < 1e15 {
			sum += n
		}
	}
	return sum
}

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
