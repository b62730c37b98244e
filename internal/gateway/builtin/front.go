package builtin

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// clientConn is a client's connection with what net/http leaves to nobody: it
// answers in plain text what it cannot read, and refuses any expectation but
// 100-continue, which nginx passes over.
type clientConn struct {
	net.Conn
	requests *accessLog
	head     bool // the next bytes begin a request
}

// watch is the ConnState of the servers.
func watch(conn net.Conn, state http.ConnState) {
	if c, ok := conn.(*clientConn); ok {
		c.head = state == http.StateNew || state == http.StateIdle
	}
}

func (c *clientConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.head && n > 1 { // net/http waits for the end of a request with one byte
		c.head = false
		expectNothing(p[:n])
	}
	return n, err
}

// expectNothing blanks the value of Expect in a request's head.
func expectNothing(p []byte) {
	head, _, _ := bytes.Cut(p, []byte("\r\n\r\n"))
	for line := range bytes.SplitSeq(head, []byte("\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) != len("Expect") || !bytes.EqualFold(name, []byte("Expect")) || bytes.Contains(bytes.ToLower(value), []byte("100-continue")) {
			continue
		}
		for i := range bytes.TrimSuffix(value, []byte("\r")) {
			value[i] = ' '
		}
	}
}

func (c *clientConn) Write(p []byte) (int, error) {
	status := refused(p)
	if status == 0 {
		return c.Conn.Write(p)
	}
	if _, err := c.Conn.Write(c.inJSON(status)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// plainError is how net/http goes on after the status line of an error of its own.
const plainError = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// refused is the status of an error of net/http; 0 is none.
func refused(p []byte) int {
	if !bytes.HasPrefix(p, []byte("HTTP/1.1 4")) && !bytes.HasPrefix(p, []byte("HTTP/1.1 5")) {
		return 0
	}
	line, rest, _ := bytes.Cut(p, []byte("\r\n"))
	if len(line) < len("HTTP/1.1 400") || !bytes.HasPrefix(rest, []byte(plainError[2:])) {
		return 0
	}
	status, _ := strconv.Atoi(string(line[9:12]))
	return status
}

// inJSON is an error of net/http in the shape of the gateway's, which has its line in
// the access log too.
func (c *clientConn) inJSON(status int) []byte {
	message := "the gateway could not serve this request"
	if status == http.StatusBadRequest {
		message = "bad request"
	}
	body := errorBody(status, "", message)
	unread := &http.Request{RemoteAddr: c.RemoteAddr().String()}
	x := &exchange{begin: time.Now(), id: idOf(unread), status: status, bytes: int64(len(body))}
	c.requests.write(unread, x)
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nX-Request-ID: %s\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(body), x.id, body)
}

// CloseWrite lets net/http end an answer before it ends the connection.
func (c *clientConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// plainListener wraps what it accepts.
type plainListener struct {
	net.Listener
	requests *accessLog
}

func (l plainListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &clientConn{Conn: conn, requests: l.requests}, nil
}

// handed is a listener for connections that another one accepted.
type handed struct {
	net.Listener
	conns  chan net.Conn
	closed chan struct{}
	close  func() error
}

func newHanded(l net.Listener) *handed {
	h := &handed{Listener: l, conns: make(chan net.Conn), closed: make(chan struct{})}
	h.close = sync.OnceValue(func() error {
		close(h.closed)
		return l.Close()
	})
	return h
}

func (h *handed) Close() error { return h.close() }

func (h *handed) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *handed) hand(conn net.Conn) {
	select {
	case h.conns <- conn:
	case <-h.closed:
		conn.Close()
	}
}

// sortTLS accepts the connections of a port with TLS. A client that speaks
// plain HTTP there goes to plain, as nginx's error 497 has it.
func sortTLS(l net.Listener, config *tls.Config, secure, plain *handed, requests *accessLog, logger *log.Logger) {
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			go sortOne(conn, config, secure, plain, requests, logger)
		case errors.Is(err, net.ErrClosed):
			secure.Close()
			plain.Close()
			return
		default: // out of descriptors, say: that passes
			logger.Printf("[ERROR] %v", err)
			time.Sleep(50 * time.Millisecond)
		}
	}
}

func sortOne(conn net.Conn, config *tls.Config, secure, plain *handed, requests *accessLog, logger *log.Logger) {
	_ = conn.SetDeadline(time.Now().Add(headTimeout))
	var first [1]byte
	if _, err := conn.Read(first[:]); err != nil {
		conn.Close()
		return
	}
	conn = &replayed{conn, first[:]}
	const handshake = 22 // the type of TLS's first record
	if first[0] != handshake {
		_ = conn.SetDeadline(time.Time{})
		plain.hand(&clientConn{Conn: conn, requests: requests})
		return
	}
	t := tls.Server(conn, config)
	if err := t.Handshake(); err != nil {
		logger.Printf("TLS handshake with %s: %v", conn.RemoteAddr(), err)
		conn.Close()
		return
	}
	_ = conn.SetDeadline(time.Time{})
	if t.ConnectionState().NegotiatedProtocol == "h2" {
		secure.hand(t)
	} else {
		secure.hand(&clientConn{Conn: t, requests: requests})
	}
}

// replayed is a connection of which something was read already.
type replayed struct {
	net.Conn
	first []byte
}

func (c *replayed) Read(p []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(p, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}
