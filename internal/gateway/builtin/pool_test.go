package builtin

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"muster/internal/gateway"
)

func TestStatusPageIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]int{"127.0.0.1:9": 200, "[::1]:9": 200, "203.0.113.9:9": 403, "nonsense": 403} {
		r, w := httptest.NewRequest("GET", "/nginx-status", nil), httptest.NewRecorder()
		r.RemoteAddr = addr
		newProxy(&settings{}, log.Default()).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s gets %d, want %d", addr, w.Code, want)
		}
	}
}

func TestAnAddressWithoutAPathIsNoRoutes(t *testing.T) {
	t.Parallel()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET http:x HTTP/1.0\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	newProxy(&settings{Routes: []gateway.Route{{Path: "/", Prefix: true, Server: "web"}}}, log.Default()).ServeHTTP(&exchange{ResponseWriter: w}, r)
	if w.Code != 400 {
		t.Errorf("it gets %d", w.Code)
	}
}

func TestClientsOfOneNetworkStayAtOneInstance(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for i := range 64 {
		network := "10.1." + strconv.Itoa(i) + "."
		first := hashClient(network+"1", 8)
		seen[first] = true
		if other := hashClient(network+"200", 8); other != first {
			t.Errorf("two clients in %s0/24 go to the instances %d and %d", network, first, other)
		}
	}
	if len(seen) < 4 {
		t.Errorf("64 networks share the instances %v of 8", seen)
	}
}

// TestABodyThatStopsEndsInTime has a client that sends a part of what it
// promised, to a server that waits for all of it.
func TestABodyThatStopsEndsInTime(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	p := newProxy(&settings{
		Routes:      []gateway.Route{{Path: "/", Prefix: true, Server: "core", Instances: []string{server.Listener.Addr().String()}}},
		ReadTimeout: time.Hour,
	}, log.New(io.Discard, "", 0))
	defer p.closeIdle()
	p.pools["core"].bodyTimeout = 50 * time.Millisecond
	front := httptest.NewServer(newAccessLog(io.Discard).around(p))
	defer front.Close()
	for name, request := range map[string]string{
		"408": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\npart",
		"400": "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
	} {
		conn, err := net.Dial("tcp", front.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, request)
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		data, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(data), "HTTP/1.1 "+name) || !strings.Contains(string(data), `{"error":{"status":`+name) {
			t.Errorf("want %s, got %q %v", name, data, err)
		}
	}
}
