package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Request is a line of the gateway's access log.
type Request struct {
	Time            time.Time `json:"time,omitzero" jsonschema:"of its end; left out where the line is older than those that say it"`
	ID              string    `json:"id,omitempty" jsonschema:"its X-Request-ID"`
	Method          string    `json:"method"`
	Path            string    `json:"path" jsonschema:"with the query, as it was asked for"`
	Protocol        string    `json:"protocol"`
	Status          int       `json:"status"`
	Bytes           int64     `json:"bytes" jsonschema:"of the answer's body, or that a WebSocket's client got"`
	Seconds         float64   `json:"seconds" jsonschema:"from the first byte of the request to the last of the answer"`
	UpstreamSeconds []float64 `json:"upstream_seconds" jsonschema:"how long each of the instances that were tried took"`
	Upstream        string    `json:"upstream" jsonschema:"HOST:PORT that answered; several, separated by a comma and a blank, were tried one after the other"`
	Server          string    `json:"server" jsonschema:"that it was for; empty where it was for none, or nobody knows"`
	Host            string    `json:"host" jsonschema:"as it was asked for"`
	Remote          string    `json:"remote" jsonschema:"the client's address"`
	Upgrade         string    `json:"upgrade" jsonschema:"websocket, where the client asked for that"`
}

// ParseRequest reads a line of the gateway's access log: an object of JSON or, from
// before that, in the format
//
//	$remote_addr "$request" $status $body_bytes_sent $request_time $upstream_addr
func ParseRequest(line []byte) (Request, bool) {
	if len(line) > 0 && line[0] == '{' {
		return parseJSONRequest(line)
	}
	return parseOldRequest(line)
}

// requestHead begins a line of JSON; the id comes right behind the time.
const requestHead = `{"time":"`

func parseJSONRequest(line []byte) (r Request, ok bool) {
	line = bytes.TrimSpace(line)
	if !bytes.HasPrefix(line, []byte(requestHead)) || !bytes.HasSuffix(line, []byte("}")) {
		return r, false
	}
	known := 0
	for n, rest := 0, line[1:]; ; n++ {
		key, value, after, ok := member(rest)
		if !ok || n == 1 && key != "id" || !r.set(key, value, &known) {
			return r, false
		}
		if len(after) == 0 {
			return r, known == 14
		}
		rest = after
	}
}

// member takes the first member off an object whose values are flat: "key":value, and what
// follows its comma. Nothing follows the last one.
func member(b []byte) (key string, value, after []byte, ok bool) {
	name, rest, ok := bytes.Cut(bytes.TrimPrefix(b, []byte(`"`)), []byte(`":`))
	if !ok || len(rest) == 0 || b[0] != '"' {
		return "", nil, nil, false
	}
	end := bytes.IndexAny(rest, ",}")
	if rest[0] == '[' {
		end = bytes.IndexByte(rest, ']') + 1
	}
	if rest[0] == '"' {
		end = 1
		for end < len(rest) && rest[end] != '"' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		end++
	}
	if end < 1 || end >= len(rest) || rest[end] != ',' && (rest[end] != '}' || end != len(rest)-1) {
		return "", nil, nil, false
	}
	return string(name), rest[:end], rest[end+1:], true
}

// set takes a value, and counts those that it knows.
func (r *Request) set(key string, value []byte, known *int) bool {
	*known++
	var err error
	switch key {
	case "time":
		var s string
		if !unquote(value, &s) {
			return false
		}
		r.Time, err = time.Parse(time.RFC3339, s)
	case "status":
		r.Status, err = strconv.Atoi(string(value)) // nginx's 000 is no number of JSON
	case "bytes":
		r.Bytes, err = strconv.ParseInt(string(value), 10, 64)
	case "seconds":
		r.Seconds, err = seconds(value)
	case "upstream_seconds":
		err = r.setUpstreams(value)
	default:
		to := r.text(key)
		if to == nil {
			*known--
			break
		}
		return unquote(value, to)
	}
	return err == nil
}

// setUpstreams reads [0.001, 0.002]. After an internal redirect of a server's nginx
// separates them by a colon.
func (r *Request) setUpstreams(list []byte) error {
	if len(list) < 2 || list[0] != '[' {
		return strconv.ErrSyntax
	}
	r.UpstreamSeconds = []float64{}
	for s := range bytes.FieldsFuncSeq(list[1:len(list)-1], func(c rune) bool { return c == ',' || c == ' ' || c == ':' }) {
		took, err := seconds(s)
		if err != nil {
			return err
		}
		r.UpstreamSeconds = append(r.UpstreamSeconds, took)
	}
	return nil
}

// text is the field for a key; nil if there is none.
func (r *Request) text(key string) *string {
	switch key {
	case "id":
		return &r.ID
	case "method":
		return &r.Method
	case "path":
		return &r.Path
	case "protocol":
		return &r.Protocol
	case "upstream":
		return &r.Upstream
	case "server":
		return &r.Server
	case "host":
		return &r.Host
	case "remote":
		return &r.Remote
	case "upgrade":
		return &r.Upgrade
	}
	return nil
}

func unquote(value []byte, to *string) bool {
	if len(value) < 2 || value[0] != '"' {
		return false
	}
	if bytes.IndexByte(value, '\\') < 0 {
		*to = string(value[1 : len(value)-1])
		return true
	}
	return json.Unmarshal(value, to) == nil
}

func seconds(b []byte) (float64, error) {
	if !number(b) {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(string(b), 64)
}

func parseOldRequest(text []byte) (r Request, ok bool) {
	open := bytes.IndexByte(text, '"')
	if open < 2 || open > 64 || bytes.IndexByte(text[:open-1], ' ') >= 0 || text[open-1] != ' ' {
		return r, false
	}
	end := bytes.IndexByte(text[open+1:], '"') // nginx writes a quote as \x22
	if end < 0 {
		return r, false
	}
	end += open + 1
	f := bytes.SplitN(bytes.TrimSpace(text[end+1:]), []byte(" "), 4)
	if len(f) < 3 || len(f[0]) != 3 || !number(f[0]) || !number(f[1]) || !number(f[2]) {
		return r, false
	}
	r.Remote = string(text[:open-1])
	r.Method, r.Path, _ = strings.Cut(unescape(text[open+1:end]), " ")
	if i := strings.LastIndexByte(r.Path, ' '); i >= 0 && strings.HasPrefix(r.Path[i+1:], "HTTP/") {
		r.Path, r.Protocol = r.Path[:i], r.Path[i+1:]
	}
	var wrong [3]error // dots in a whole number, say
	r.Status, wrong[0] = strconv.Atoi(string(f[0]))
	r.Bytes, wrong[1] = strconv.ParseInt(string(f[1]), 10, 64)
	r.Seconds, wrong[2] = strconv.ParseFloat(string(f[2]), 64)
	if errors.Join(wrong[:]...) != nil {
		return Request{}, false
	}
	if len(f) == 4 && string(f[3]) != "-" {
		r.Upstream = string(f[3])
	}
	return r, true
}

func number(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' {
			return false
		}
	}
	return len(b) > 0
}

// unescape is what nginx has written as \xXX.
func unescape(b []byte) string {
	var out []byte
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+3 < len(b) && b[i+1] == 'x' {
			if c, err := strconv.ParseUint(string(b[i+2:i+4]), 16, 8); err == nil {
				out = append(out, byte(c))
				i += 3
				continue
			}
		}
		out = append(out, b[i])
	}
	return string(out)
}

func (r Request) level() Level {
	switch r.Status / 100 {
	case 5:
		return Error
	case 4:
		return Warn
	}
	return Info
}

// painted is the line that people know, with the id at its end.
func (r Request) painted(p paint) string {
	var b strings.Builder
	b.WriteString(r.Remote + ` "`)
	escape(&b, strings.TrimRight(r.Method+" "+r.Path+" "+r.Protocol, " "))
	fmt.Fprintf(&b, `" %s %d %s`, p.status(fmt.Sprintf("%03d", r.Status)), r.Bytes, p.duration(r.Seconds, fmt.Sprintf("%.3f", r.Seconds)))
	upstream := r.Upstream
	if upstream == "" {
		upstream = "-"
	}
	b.WriteString(" " + p.dim(upstream))
	if r.ID != "" {
		b.WriteString(" " + p.dim(r.ID))
	}
	return b.String()
}

// escape writes what would end the quotes, or is no text, as nginx did.
func escape(b *strings.Builder, s string) {
	for i := range len(s) {
		if c := s[i]; c == '"' || c == '\\' || c < ' ' || c == 0x7f {
			fmt.Fprintf(b, `\x%02X`, c)
		} else {
			b.WriteByte(c)
		}
	}
}

// shownAs is the text that people see, and look for, of a line.
func shownAs(text []byte) []byte {
	if len(text) > 0 && text[0] == '{' {
		if r, ok := parseJSONRequest(text); ok {
			return []byte(r.painted(false))
		}
	}
	return text
}
