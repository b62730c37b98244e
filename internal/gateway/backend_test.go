package gateway_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// backend is an instance of a server that tells what reached it.
type backend struct {
	name string
	http *http.Server

	requests atomic.Int64
	conns    atomic.Int64
	id       atomic.Value  // X-Request-ID of the last request
	begun    chan struct{} // a value when an upload's first part has arrived
	release  chan struct{} // a value lets an event stream go on
}

// echo is what a backend answers.
type echo struct {
	Server string
	Method string
	URI    string
	Host   string
	Header http.Header
	Bytes  int64
	SHA256 string
}

// ports hands out each port once. They lie below those that the kernel gives
// to outgoing connections, which would otherwise take one between two uses.
var ports struct {
	sync.Mutex
	next int
}

// The ports lie apart from those of the other packages' tests, which run at the
// same time, and from those that the kernel gives out (32768 and up, ip(7)).
const lowestPort, highestPort = 12000, 16900

// portRange finds n free ports in a row.
func portRange(t testing.TB, n int) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	if ports.next == 0 {
		ports.next = lowestPort + rand.IntN(highestPort-lowestPort)
	}
	for range 1000 {
		first := ports.next
		ports.next += n
		if ports.next > highestPort {
			ports.next = lowestPort
		}
		if allFree(first, n) {
			return first
		}
	}
	t.Fatalf("found no %d free ports in a row", n)
	return 0
}

func allFree(first, n int) bool {
	// A program that another test starts meanwhile would have a port until its exec.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for i := range n {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(first+i))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}

func startBackend(t testing.TB, name string, port int) *backend {
	t.Helper()
	b := &backend{name: name, begun: make(chan struct{}, 10), release: make(chan struct{}, 10)}
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	b.http = &http.Server{Handler: b, ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			b.conns.Add(1)
		}
	}}
	var done sync.WaitGroup
	done.Go(func() { _ = b.http.Serve(l) })
	t.Cleanup(func() {
		b.http.Close()
		done.Wait()
	})
	return b
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.requests.Add(1)
	b.id.Store(strings.Join(r.Header["X-Request-Id"], " and "))
	switch {
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		b.socket(w, r)
	case strings.HasSuffix(r.URL.Path, "/events"):
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 2 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-b.release:
			case <-r.Context().Done():
				return
			}
		}
	case strings.HasSuffix(r.URL.Path, "/quiet"): // a stream that only its type tells, silent between two events
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		for i := range 2 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(1500 * time.Millisecond)
		}
	case strings.HasSuffix(r.URL.Path, "/refuse"): // answers before it has read the body
		// net/http would read some of it first, or break off.
		conn, rest, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo much")
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, _ = io.Copy(io.Discard, rest)
	case strings.HasSuffix(r.URL.Path, "/own-id"):
		w.Header()["X-Request-Id"] = []string{"one", "two"}
	case strings.HasSuffix(r.URL.Path, "/cookies"):
		for i := range 100 {
			w.Header().Add("Set-Cookie", fmt.Sprintf("c%d=%s", i, strings.Repeat("v", 480)))
		}
	case strings.HasSuffix(r.URL.Path, "/hang"):
		<-r.Context().Done()
	case strings.HasSuffix(r.URL.Path, "/drop"): // reads the request, then breaks the connection
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	case strings.HasSuffix(r.URL.Path, "/large"):
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		_, _ = io.CopyN(w, zeros{}, int64(n))
	case strings.HasSuffix(r.URL.Path, "/418"):
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	default:
		b.echo(w, r)
	}
}

func (b *backend) echo(w http.ResponseWriter, r *http.Request) {
	in, h := bufio.NewReader(r.Body), sha256.New()
	if _, err := in.Peek(1); err == nil {
		select {
		case b.begun <- struct{}{}:
		default:
		}
	}
	n, err := io.Copy(h, in)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Method", r.Method)
	_ = json.NewEncoder(w).Encode(echo{
		Server: b.name, Method: r.Method, URI: r.RequestURI, Host: r.Host, Header: r.Header,
		Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil)),
	})
}

// socket says who it is, then sends back what it gets. "close" makes it end the
// connection with a status of its own.
func (b *backend) socket(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(64 << 20)
	ctx := context.Background()
	if c.Write(ctx, websocket.MessageText, []byte(b.name)) != nil {
		return
	}
	for {
		kind, data, err := c.Read(ctx)
		if err != nil {
			return
		}
		if string(data) == "close" {
			c.Close(4321, "as you wish")
			return
		}
		if c.Write(ctx, kind, data) != nil {
			return
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// waitFor polls until ok, or fails the test.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
