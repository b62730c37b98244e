package builtin

import (
	"bufio"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// writeHead writes the request line and the header for a server: what the
// client wrote, the fields of its connection aside, and what nginx.conf adds.
func writeHead(out *bufio.Writer, r *http.Request) {
	write := func(parts ...string) {
		for _, s := range parts {
			_, _ = out.WriteString(s)
		}
	}
	local, port := localAddr(r)
	host := r.Host
	if host == "" { // HTTP/1.0 knows servers without names, HTTP/1.1 does not
		host = local
	}
	write(r.Method, " ", requestURI(r), " HTTP/1.1\r\nHost: ", host, "\r\n")
	named := r.Header["Connection"]
	for name, values := range r.Header {
		if ours(name) || ofConnection(name, named) {
			continue
		}
		for _, v := range values {
			write(name, ": ", v, "\r\n")
		}
	}
	switch {
	case r.ContentLength < 0:
		write("Transfer-Encoding: chunked\r\n")
	case r.ContentLength > 0 || r.Header["Content-Length"] != nil:
		write("Content-Length: ", strconv.FormatInt(r.ContentLength, 10), "\r\n")
	}
	if isWebSocket(r) {
		write("Connection: upgrade\r\nUpgrade: websocket\r\n")
	}
	client := clientIP(r)
	if client != "" {
		write("X-Real-IP: ", client, "\r\nX-Forwarded-For: ")
		for _, v := range r.Header["X-Forwarded-For"] {
			write(v, ", ")
		}
		write(client, "\r\n")
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	write("X-Forwarded-Proto: ", scheme, "\r\nX-Forwarded-Host: ", host, "\r\n")
	if port != "" {
		write("X-Forwarded-Port: ", port, "\r\n")
	}
	write("\r\n")
}

// requestURI is the path and the query as the client wrote them.
func requestURI(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI() // http://host/path, as a client of a proxy writes it
}

// ours tells the fields that writeHead writes itself, and those that only mean
// the client's connection.
func ours(name string) bool {
	switch name {
	case "Content-Length", "Expect", "X-Real-Ip", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port":
		return true
	}
	return hopByHop(name)
}

func hopByHop(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return false
}

// ofConnection tells the fields that Connection names (RFC 9110, 7.6.1).
func ofConnection(name string, connection []string) bool {
	for _, v := range connection {
		for field := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(field), name) {
				return true
			}
		}
	}
	return false
}

// passHeader hands an answer's header on.
func passHeader(to, from http.Header) {
	connection := from["Connection"]
	for name, values := range from {
		if !hopByHop(name) && !ofConnection(name, connection) {
			to[name] = values
		}
	}
}

func writeHex(out *bufio.Writer, n int) {
	var b [18]byte
	_, _ = out.Write(append(strconv.AppendInt(b[:0], int64(n), 16), "\r\n"...))
}

// clientIP is "" for what is no address.
func clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// localAddr is the address of the gateway that the client came to.
func localAddr(r *http.Request) (addr, port string) {
	a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return "", ""
	}
	addr = a.String()
	return addr, addr[strings.LastIndexByte(addr, ':')+1:]
}

func isWebSocket(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// isStream tells the requests that may be silent for long.
func isStream(r *http.Request) bool {
	return isWebSocket(r) || slices.ContainsFunc(r.Header["Accept"], namesEvents)
}

// namesEvents tells whether a list of media types has that of server-sent events.
func namesEvents(list string) bool {
	for media := range strings.SplitSeq(list, ",") {
		media, _, _ = strings.Cut(media, ";")
		if strings.EqualFold(strings.TrimSpace(media), "text/event-stream") {
			return true
		}
	}
	return false
}
