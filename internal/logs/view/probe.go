package view

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
)

// isProbe reports whether a line, its text free of escape sequences, says that
// this machine itself asked for a path that health checks ask for, and was
// answered well: an access line of uvicorn, nginx or another server, alone or
// as the message of a JSON line.
//
//	INFO:     127.0.0.1:40912 - "GET /health HTTP/1.1" 200 OK
func (f *filter) isProbe(name string, text []byte) bool {
	if f.probe == nil || !bytes.Contains(text, []byte("GET /")) {
		return false
	}
	line := string(text)
	if fields, ok := parseJSONLine(text); ok {
		line, _ = fields.take(messageKeys())
	}
	head, request, _ := strings.Cut(line, `"GET `)
	path, version, _ := strings.Cut(request, " ")
	version, status, _ := strings.Cut(version, `" `)
	status, _, _ = strings.Cut(status, " ")
	code, err := strconv.Atoi(status)
	return err == nil && strings.HasPrefix(path, "/") && strings.HasPrefix(version, "HTTP/") && fromHere(head) &&
		f.probe(name, path, code)
}

// fromHere reports whether the head of an access line has a loopback address.
// Port 0 is uvicorn's for a client that a gateway has told it of.
func fromHere(head string) bool {
	for word := range strings.FieldsSeq(head) {
		if at, err := netip.ParseAddrPort(word); err == nil {
			return at.Addr().Unmap().IsLoopback() && at.Port() != 0
		}
		// uvicorn writes ::1:40912 without brackets.
		if i := strings.LastIndexByte(word, ':'); i > 0 && strings.HasPrefix(word, "::1:") {
			return word[i+1:] != "0"
		}
		if at, err := netip.ParseAddr(word); err == nil {
			return at.Unmap().IsLoopback()
		}
	}
	return false
}
