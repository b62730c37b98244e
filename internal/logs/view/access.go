package view

import (
	"bytes"
	"strconv"
	"strings"
)

// access is a line of nginx's access log in the format that muster generates:
//
//	$remote_addr "$request" $status $body_bytes_sent $request_time $upstream_addr
type access struct {
	head     []byte // up to the status
	status   []byte
	bytes    []byte
	duration []byte // seconds
	upstream []byte
}

func parseAccess(text []byte) (access, bool) {
	var a access
	open := bytes.IndexByte(text, '"')
	if open < 2 || open > 64 || bytes.IndexByte(text[:open-1], ' ') >= 0 || text[open-1] != ' ' {
		return a, false
	}
	end := bytes.IndexByte(text[open+1:], '"') // nginx writes a quote as \x22
	if end < 0 {
		return a, false
	}
	end += open + 2
	f := bytes.SplitN(bytes.TrimSpace(text[end:]), []byte(" "), 4)
	if len(f) < 3 || len(f[0]) != 3 || !number(f[0]) || !number(f[1]) || !number(f[2]) {
		return a, false
	}
	a = access{head: text[:end], status: f[0], bytes: f[1], duration: f[2]}
	if len(f) == 4 {
		a.upstream = f[3]
	}
	return a, true
}

func number(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' {
			return false
		}
	}
	return len(b) > 0
}

func (a access) level() Level {
	switch a.status[0] {
	case '5':
		return Error
	case '4':
		return Warn
	}
	return Info
}

func (a access) painted(p paint) string {
	seconds, _ := strconv.ParseFloat(string(a.duration), 64)
	s := string(a.head) + " " + p.status(string(a.status)) + " " + string(a.bytes) + " " + p.duration(seconds, string(a.duration))
	if len(a.upstream) > 0 {
		s += " " + p.dim(string(a.upstream))
	}
	return s
}

// Request is a line of the gateway's access log.
type Request struct {
	Client   string  `json:"client" jsonschema:"its address"`
	Method   string  `json:"method"`
	Path     string  `json:"path" jsonschema:"with the query, as it was asked for"`
	Status   int     `json:"status"`
	Bytes    int64   `json:"bytes" jsonschema:"of the answer's body"`
	Seconds  float64 `json:"seconds" jsonschema:"from the first byte of the request to the last of the answer"`
	Upstream string  `json:"upstream,omitempty" jsonschema:"HOST:PORT that answered; several, separated by a comma and a blank, were tried one after the other"`
}

// Last is the upstream that was tried last, and whose answer it is; "" where none was.
func (r Request) Last() string {
	tried := strings.FieldsFunc(r.Upstream, func(c rune) bool { return c == ' ' || c == ',' })
	if len(tried) == 0 {
		return ""
	}
	return tried[len(tried)-1]
}

// ParseRequest reads a line of the gateway's access log, and tells whether it is one.
func ParseRequest(line []byte) (r Request, ok bool) {
	a, ok := parseAccess(line)
	if !ok {
		return r, false
	}
	client, request, _ := strings.Cut(string(a.head), ` "`)
	method, rest, _ := strings.Cut(strings.TrimSuffix(request, `"`), " ")
	path, _, _ := strings.Cut(rest, " ")
	r = Request{Client: client, Method: method, Path: path, Upstream: string(a.upstream)}
	r.Status, _ = strconv.Atoi(string(a.status))
	r.Bytes, _ = strconv.ParseInt(string(a.bytes), 10, 64)
	r.Seconds, _ = strconv.ParseFloat(string(a.duration), 64)
	if r.Upstream == "-" {
		r.Upstream = ""
	}
	return r, true
}
