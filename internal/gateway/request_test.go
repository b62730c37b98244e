package gateway_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"muster/internal/logs/view"
)

var newID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// head sends text as it is and reads the answer's head.
func (b *bench) head(t *testing.T, text string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	resp.Body.Close()
	return resp
}

// oneID is the id of an answer, which has to be a new one.
func oneID(t *testing.T, h http.Header) string {
	t.Helper()
	ids := h.Values("X-Request-ID")
	if len(ids) != 1 || !newID.MatchString(ids[0]) {
		t.Errorf("the answer's id is %q", ids)
		return ""
	}
	return ids[0]
}

func TestARequestHasOneID(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		broker := b.backends["broker-0"]
		seen := map[string]bool{}
		for uri, header := range map[string][]string{
			"/api/v1/broker/x": nil, "/api/v1/broker/own-id": nil, "/api/v1/broker/418": nil,
			"/api/v1/broker/s": {"Accept", "text/event-stream"}, "/api/v1/broker/ws": {"Upgrade", "h2c"},
		} {
			for _, body := range []io.Reader{nil, strings.NewReader(strings.Repeat("x", 2<<20)), io.MultiReader(strings.NewReader("chunks"))} {
				resp, _ := b.do(t, "POST", uri, body, header...)
				id := oneID(t, resp.Header)
				if got := broker.id.Load(); got != id || seen[id] {
					t.Errorf("%s: the server saw %q, the client %q; known: %t", uri, got, id, seen[id])
				}
				seen[id] = true
			}
		}
		for _, id := range []string{
			"a", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "0191e6c8-2b1c-7e53-9d1a-1c8f0e6f9a3b", "a.b_c:d@e+f/g=", strings.Repeat("x", 128),
		} {
			resp, data := b.do(t, "GET", "/api/v1/broker/x", nil, "X-Request-ID", id)
			var e echo
			if err := json.Unmarshal(data, &e); err != nil || e.Header.Get("X-Request-Id") != id || resp.Header.Get("X-Request-ID") != id {
				t.Errorf("%q arrived as %q and came back as %q", id, e.Header["X-Request-Id"], resp.Header.Values("X-Request-ID"))
			}
		}
		for _, lines := range []string{
			"X-Request-ID: " + strings.Repeat("x", 129), `X-Request-ID: a"b`, "X-Request-ID: a b", `X-Request-ID: a\b`, "X-Request-ID: \u00fc", "X-Request-ID: \x80",
			"X-Request-ID: a,b", "X-Request-ID: <b>", "X-Request-ID: $id", "X-Request-ID: ';--", "X-Request-ID:", "X-Request-ID: %41", "X-Request-ID: \t",
		} {
			resp := b.head(t, "GET /api/v1/broker/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"+lines+"\r\n\r\n")
			if id := oneID(t, resp.Header); resp.StatusCode != 200 || broker.id.Load() != id {
				t.Errorf("%q: %d, the server saw %q, the client %q", lines, resp.StatusCode, broker.id.Load(), id)
			}
		}
		// nginx before 1.23 sees the first of two, later ones both as one with a comma.
		resp := b.head(t, "GET /api/v1/broker/x HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: a\r\nX-Request-ID: b\r\n\r\n")
		if id := resp.Header.Values("X-Request-ID"); len(id) != 1 || broker.id.Load() != id[0] || id[0] == "b" {
			t.Errorf("of two the server saw %q, the client %q", broker.id.Load(), id)
		}
	})
}

func TestATraceIsTheClients(t *testing.T) {
	t.Parallel()
	const parent, state = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "a=1,b=2"
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		e := b.echo(t, "GET", "/api/v1/broker/x", nil, "traceparent", parent, "tracestate", state)
		if !slices.Equal(e.Header["Traceparent"], []string{parent}) || !slices.Equal(e.Header["Tracestate"], []string{state}) {
			t.Errorf("arrived as %q %q", e.Header["Traceparent"], e.Header["Tracestate"])
		}
		if e := b.echo(t, "GET", "/api/v1/broker/x", nil); e.Header["Traceparent"] != nil {
			t.Errorf("a client without a trace got %q", e.Header["Traceparent"])
		}
	})
}

func TestErrorsHaveAnID(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", "PORT, read_timeout: 1s", 1) +
		"frontend: {dir: ., command: [npm, run, dev], port: <page>}\nwebsocket: {routing_strategy: query_param}\n"
	eachGateway(t, text, append(three, "page*0"), func(t *testing.T, b *bench) {
		b.backends["datafeed-0"].http.Close()
		page := fmt.Sprintf("http://localhost:%d", b.c.Page().Port)
		for _, origin := range []string{page, "https://elsewhere.example"} {
			for _, c := range []struct {
				method, uri string
				status      int
				header      []string
			}{
				{"GET", "/", 502, nil},
				{"POST", "/api/v1/datafeed/x", 502, nil},
				{"GET", "/api/v1/broker/hang", 504, nil},
				{"GET", "/api/v1/ws", 400, nil},
				{"OPTIONS", "/api/v1/datafeed/x", 0, []string{"Access-Control-Request-Method", "PUT"}},
			} {
				resp, _ := b.do(t, c.method, c.uri, nil, append(c.header, "Origin", origin)...)
				if oneID(t, resp.Header); c.status != 0 && resp.StatusCode != c.status {
					t.Errorf("%s %s: %d", c.method, c.uri, resp.StatusCode)
				}
				resp, _ = b.do(t, c.method, c.uri, nil, append(c.header, "Origin", origin, "X-Request-ID", "mine")...)
				if got := resp.Header.Values("X-Request-ID"); !slices.Equal(got, []string{"mine"}) {
					t.Errorf("%s %s: %q came back", c.method, c.uri, got)
				}
			}
		}
		for text, status := range map[string]int{
			"GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n":                              421,
			"GET /\x01 HTTP/1.1\r\nno header\r\n\r\n":                                        400,
			"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 2<<20) + "\r\n": 0,
		} {
			if resp := b.head(t, text); status != 0 && resp.StatusCode != status {
				t.Errorf("%.60q: %d", text, resp.StatusCode)
			} else {
				oneID(t, resp.Header)
			}
		}
	})
}

func TestARetryKeepsTheID(t *testing.T) {
	t.Parallel()
	text := "api_base_url: /api/v1\nnginx: {port: PORT}\nservers: {core: {port: <core>, instances: 2}}\n"
	eachGateway(t, text, []string{"core*2"}, func(t *testing.T, b *bench) {
		resp, _ := b.do(t, "GET", "/api/v1/drop", nil)
		id := oneID(t, resp.Header)
		for name, s := range b.backends {
			if s.id.Load() != id {
				t.Errorf("%s saw %q, the client %q", name, s.id.Load(), id)
			}
		}
		line := b.logged(t, 1)[0]
		if line.ID != id || line.Status != 502 || strings.Count(line.Upstream, "127.0.0.1:") != 2 || len(line.UpstreamSeconds) != 2 {
			t.Errorf("%+v", line)
		}
	})
}

func TestStandInsGetTheID(t *testing.T) {
	t.Parallel()
	eachLocalGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		if err := os.WriteFile(b.standIns(t, "broker"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		e := b.echo(t, "GET", "/api/v1/broker/x", nil, "X-Request-ID", "mine")
		if e.Server != "broker-0.spare" || e.Header.Get("X-Request-ID") != "mine" {
			t.Errorf("%s saw %q", e.Server, e.Header["X-Request-Id"])
		}
		if line := b.logged(t, 1)[0]; line.Server != "broker" || line.ID != "mine" {
			t.Errorf("%+v", line)
		}
	})
}

// logged waits for n lines of the access log, each of which has to have all fields.
func (b *bench) logged(t *testing.T, n int) []view.Request {
	t.Helper()
	var data []byte
	waitFor(t, fmt.Sprintf("%d lines", n), func() bool {
		data, _ = os.ReadFile(filepath.Join(b.c.Dir, ".local/logs/nginx-access.log"))
		return strings.Count(string(data), "\n") >= n
	})
	if !strings.HasSuffix(string(data), "\n") || strings.Count(string(data), "\n") != n {
		t.Fatalf("want %d lines, got\n%s", n, data)
	}
	var all []view.Request
	for text := range strings.Lines(string(data)) {
		r, ok := view.ParseRequest([]byte(strings.TrimSuffix(text, "\n")))
		var fields map[string]any
		if err := json.Unmarshal([]byte(text), &fields); err != nil || !ok {
			t.Fatalf("%s: %v %t", text, err, ok)
		}
		var names []string
		for d := json.NewDecoder(strings.NewReader(text)); d.More(); {
			if token, _ := d.Token(); token == json.Delim('[') {
				for d.More() {
					_, _ = d.Token()
				}
				_, _ = d.Token()
				names = append(names, "[]")
			} else if len(names) < 2*len(fields)+1 {
				names = append(names, fmt.Sprint(token))
			}
		}
		for i, want := range strings.Fields("time id method path protocol status bytes seconds upstream_seconds upstream server host remote upgrade") {
			if len(fields) != 14 || names[1+2*i] != want {
				t.Fatalf("field %d of %d is not %s in %s", i, len(fields), want, text)
			}
		}
		said, _ := fields["time"].(string)
		if len(said) != len("2006-01-02T15:04:05.000+00:00") || time.Since(r.Time).Abs() > time.Minute {
			t.Errorf("the time of %s", text)
		}
		all = append(all, r)
	}
	return all
}

func TestTheAccessLogTellsOfEachRequest(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		b.head(t, "GET /api/v1/broker/418?a\"\\=%22 HTTP/1.1\r\nHost: LOCALHOST\r\nX-Request-ID: first\r\nConnection: close\r\n\r\n")
		b.logged(t, 1)
		b.do(t, "GET", "/nginx-status", nil)
		b.do(t, "DELETE", "/elsewhere", nil)
		b.logged(t, 2)
		b.backends["datafeed-0"].http.Close()
		b.do(t, "POST", "/api/v1/datafeed/x", nil)
		b.logged(t, 3)
		b.head(t, "GET /\x01 HTTP/1.1\r\nno header\r\n\r\n")
		b.logged(t, 4)
		b.echo(t, "POST", "/api/v1/broker/last", strings.NewReader("body"), "Upgrade", "h2c", "Host", "x")
		all := b.logged(t, 5)
		for i, want := range []view.Request{
			{ID: "first", Method: "GET", Path: "/api/v1/broker/418?a\"\\=%22", Protocol: "HTTP/1.1", Status: 418, Bytes: 15, Server: "broker", Host: "LOCALHOST", Upstream: b.instance("broker")},
			{Method: "DELETE", Path: "/elsewhere", Protocol: "HTTP/1.1", Status: 404, Host: b.addr},
			{Method: "POST", Path: "/api/v1/datafeed/x", Protocol: "HTTP/1.1", Status: 502, Server: "datafeed", Host: b.addr, Upstream: b.instance("datafeed")},
			{Status: 400},
			{Method: "POST", Path: "/api/v1/broker/last", Protocol: "HTTP/1.1", Status: 200, Server: "broker", Host: b.addr, Upstream: b.instance("broker")},
		} {
			got := all[i]
			if (len(got.UpstreamSeconds) == 1) != (want.Upstream != "") || got.Remote != "127.0.0.1" || got.Seconds < 0 || got.Seconds > 30 || got.ID == "" {
				t.Errorf("request %d: %+v", i, got)
			}
			if want.Status == 400 { // what cannot be read is nowhere the same
				got.Method, got.Path, got.Protocol, got.Host = "", "", "", ""
			}
			if want.ID == "" {
				got.ID = ""
			}
			if want.Bytes == 0 {
				got.Bytes = 0
			}
			got.Time, got.Seconds, got.UpstreamSeconds, got.Remote = time.Time{}, 0, nil, ""
			if !reflect.DeepEqual(got, want) {
				t.Errorf("request %d is\n%+v, want\n%+v", i, got, want)
			}
		}
	})
}

// instance is the address of a server's first one.
func (b *bench) instance(server string) string {
	s, _ := b.c.Server(server)
	return fmt.Sprintf("127.0.0.1:%d", s.Port)
}

func TestTheAccessLogHasAWebSocketAtItsEnd(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		c, resp, err := websocket.Dial(t.Context(), "ws://"+b.addr+"/api/v1/broker/ws?token=x", &websocket.DialOptions{HTTPHeader: http.Header{"X-Request-Id": {"mine"}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Header.Values("X-Request-ID"); !slices.Equal(got, []string{"mine"}) || b.backends["broker-0"].id.Load() != "mine" {
			t.Errorf("the server saw %q, the client %q", b.backends["broker-0"].id.Load(), got)
		}
		begin := time.Now()
		if _, _, err := c.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.do(t, "GET", "/elsewhere", nil)
		b.logged(t, 1) // of the other request
		c.Close(websocket.StatusNormalClosure, "")
		r := b.logged(t, 2)[1]
		if r.ID != "mine" || r.Method != "GET" || r.Path != "/api/v1/broker/ws?token=x" || r.Status != 101 || r.Upgrade != "websocket" || r.Server != "broker" ||
			r.Bytes < int64(len("broker-0")) || r.Seconds > time.Since(begin).Seconds()+1 || len(r.UpstreamSeconds) != 1 || r.Upstream != b.instance("broker") {
			t.Errorf("%+v", r)
		}
	})
}

func TestTheAccessLogHasAWebSocketThatTheGatewaysEndEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t, threeServers, three, startBuiltin)
	c, _, err := websocket.Dial(t.Context(), "ws://"+b.addr+"/api/v1/broker/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if _, _, err := c.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if r := b.logged(t, 1)[0]; r.Path != "/api/v1/broker/ws" || r.Status != 101 || r.Bytes < int64(len("broker-0")) {
		t.Errorf("%+v", r)
	}
}

func TestRequestsWithTLSHaveAnIDAndALine(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", "PORT, tls: true, redirect_port: <redirect>", 1)
	eachGateway(t, text, append([]string{"redirect*0"}, three...), func(t *testing.T, b *bench) {
		for _, port := range []int{b.c.Nginx.Port, b.c.Nginx.RedirectPort} { // in plain text
			resp, err := b.client.Get(fmt.Sprintf("http://127.0.0.1:%d/x", port))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if oneID(t, resp.Header); resp.StatusCode != 308 {
				t.Errorf("port %d: %d", port, resp.StatusCode)
			}
		}
		b.client = trusting(t, b.c)
		resp, err := b.client.Get("https://" + b.addr + "/api/v1/broker/x")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		id := oneID(t, resp.Header)
		if b.backends["broker-0"].id.Load() != id {
			t.Errorf("the server saw %q, the client %q", b.backends["broker-0"].id.Load(), id)
		}
		for i, r := range b.logged(t, 3) {
			if i < 2 && (r.Status != 308 || r.Path != "/x" || r.Protocol != "HTTP/1.1") {
				t.Errorf("%+v", r)
			}
			if i == 2 && (r.ID != id || r.Protocol != resp.Proto || r.Host != b.addr || r.Method != "GET" || r.Path != "/api/v1/broker/x") {
				t.Errorf("%s: %+v", resp.Proto, r)
			}
		}
	})
}
