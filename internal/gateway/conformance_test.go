package gateway_test

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/gateway/contract"
	"muster/internal/gateway/contract/ask"
)

// bench is a gateway with its backends.
type bench struct {
	*running
	c        *config.Config
	backends map[string]*backend // by instance, such as broker-1
	client   *http.Client
}

// eachGateway runs one and the same test against nginx and the builtin
// gateway. In text, PORT stands for the gateway's port and <NAME> for the first
// port of a backend. Backends are started for each of names, written NAME or
// NAME*instances; with *0 a port is kept free.
func eachGateway(t *testing.T, text string, names []string, test func(t *testing.T, b *bench)) {
	each(t, kinds(), text, names, test)
}

// eachLocalGateway is eachGateway for what an exported gateway is not for: stand-ins,
// and the addresses of this machine.
func eachLocalGateway(t *testing.T, text string, names []string, test func(t *testing.T, b *bench)) {
	each(t, localKinds(), text, names, test)
}

func each(t *testing.T, kinds map[string]startGateway, text string, names []string, test func(t *testing.T, b *bench)) {
	for kind, start := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, newBench(t, text, names, start))
		})
	}
}

func newBench(t testing.TB, text string, names []string, start startGateway) *bench {
	t.Helper()
	b := &bench{backends: map[string]*backend{}}
	total := 1
	for _, n := range names {
		total += max(instancesOf(n), 1)
	}
	port := portRange(t, total)
	replace := []string{"PORT", fmt.Sprint(port)}
	next := port + 1
	for _, n := range names {
		name, _, _ := strings.Cut(n, "*")
		replace = append(replace, "<"+name+">", fmt.Sprint(next))
		for i := range instancesOf(n) {
			instance := fmt.Sprintf("%s-%d", name, i)
			b.backends[instance] = startBackend(t, instance, next)
			next++
		}
		if instancesOf(n) == 0 {
			next++
		}
	}
	dir := t.TempDir()
	if strings.Contains(text, "extra:") {
		extra := "proxy_read_timeout 1s;\nlocation = /own/ws { proxy_pass http://server_broker; }\n"
		if err := os.WriteFile(filepath.Join(dir, "extra.conf"), []byte(extra), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b.c = loadIn(t, dir, strings.NewReplacer(replace...).Replace(text))
	b.running = start(t, b.c)
	tr := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	b.client = &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(tr.CloseIdleConnections)
	return b
}

func instancesOf(name string) int {
	n := 1
	if _, count, ok := strings.Cut(name, "*"); ok {
		fmt.Sscan(count, &n)
	}
	return n
}

func (b *bench) do(t testing.TB, method, uri string, body io.Reader, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+b.addr+uri, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, data
}

func (b *bench) echo(t testing.TB, method, uri string, body io.Reader, header ...string) echo {
	t.Helper()
	resp, data := b.do(t, method, uri, body, header...)
	var e echo
	if err := json.Unmarshal(data, &e); err != nil || resp.StatusCode != 200 || e.Server == "" {
		t.Fatalf("%s %s: %d %s", method, uri, resp.StatusCode, data)
	}
	return e
}

// sent is how many requests reached an instance.
func (b *bench) sent() (n int64) {
	for _, s := range b.backends {
		n += s.requests.Load()
	}
	return n
}

// wantError checks the one shape of the gateway's errors.
func (b *bench) wantError(t testing.TB, resp *http.Response, data []byte, status int, server, message string) {
	t.Helper()
	if server == "" {
		server = "null"
	} else {
		server = `"` + server + `"`
	}
	want := fmt.Sprintf(`{"error":{"status":%d,"server":%s,"message":%q}}`+"\n", status, server, message)
	if resp.StatusCode != status || string(data) != want || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %d %s (%s), want %s", resp.StatusCode, data, resp.Header.Get("Content-Type"), want)
	}
}

const threeServers = contract.ThreeServers

var three = contract.Three

// TestRequestsGoToTheirServer asks for every request of the contract.
func TestRequestsGoToTheirServer(t *testing.T) {
	t.Parallel()
	for _, c := range contract.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			eachGateway(t, c.Config, c.Servers, func(t *testing.T, b *bench) {
				for _, r := range c.Requests {
					if err := ask.Request(t.Context(), b.client, b.addr, r, r.Server+"-0"); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

func TestRequestsArriveAsTheyWereSent(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		uri := "/api/v1/broker/a%2Fb%20c/;x=1/?q=a%20b&q=;c&empty=&%zz"
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+b.addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque, req.URL.RawQuery, _ = strings.Cut(uri, "?")
		resp, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var e echo
		if err := json.NewDecoder(resp.Body).Decode(&e); err != nil || e.URI != uri {
			t.Errorf("sent %s, arrived %s (%v)", uri, e.URI, err)
		}
		for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			if e := b.echo(t, m, "/api/v1/broker/x", strings.NewReader("body")); e.Method != m || e.Bytes != 4 {
				t.Errorf("%s arrived as %s with %d bytes", m, e.Method, e.Bytes)
			}
		}
		resp, data := b.do(t, "HEAD", "/api/v1/broker/x", nil)
		if resp.StatusCode != 200 || resp.Header.Get("X-Method") != "HEAD" || len(data) != 0 {
			t.Errorf("HEAD: %d %v", resp.StatusCode, resp.Header)
		}
		resp, data = b.do(t, "GET", "/api/v1/broker/418", nil)
		if resp.StatusCode != 418 || string(data) != "short and stout" {
			t.Errorf("a server's own error came back as %d %s", resp.StatusCode, data)
		}
	})
}

func TestServersSeeTheClientInXForwarded(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		_, port, _ := net.SplitHostPort(b.addr)
		e := b.echo(t, "GET", "/api/v1/broker/x", nil, "X-Forwarded-For", "203.0.113.9",
			"X-Real-IP", "203.0.113.9", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "elsewhere", "X-Forwarded-Port", "1", "Upgrade", "h2c", "Connection", "Upgrade", "X-Custom", "kept")
		for name, want := range map[string]string{
			"X-Forwarded-For": "203.0.113.9, 127.0.0.1", "X-Real-Ip": "127.0.0.1", "X-Forwarded-Proto": "http",
			"X-Forwarded-Host": b.addr, "X-Forwarded-Port": port, "X-Custom": "kept", "Upgrade": "", "Connection": "",
		} {
			if got := strings.Join(e.Header[name], ", "); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if e := b.echo(t, "GET", "/api/v1/broker/x", nil, "User-Agent", ""); e.Header["User-Agent"] != nil {
			t.Errorf("a client without a name got the name %q", e.Header["User-Agent"])
		}
		if e.Host != b.addr {
			t.Errorf("Host is %q, want %q", e.Host, b.addr)
		}
	})
}

func TestEventsAreNotHeldBack(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", "PORT, read_timeout: 1s", 1) // ends what is no stream
	for accept, method := range map[string]string{
		"text/event-stream": "GET", "text/event-stream;charset=utf-8": "GET", "Text/Event-Stream": "GET",
		"application/json, text/event-stream": "POST", // as MCP's clients ask
	} {
		t.Run(accept, func(t *testing.T) {
			t.Parallel()
			eachGateway(t, text, three, func(t *testing.T, b *bench) { b.readEvents(t, method, accept) })
		})
	}
}

func (b *bench) readEvents(t *testing.T, method, accept string) {
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+b.addr+"/api/v1/broker/events", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for i := range 2 { // the server waits for us after each event
		if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", i) {
			t.Fatalf("event %d: %q %v", i, lines.Text(), lines.Err())
		}
		lines.Scan()
		time.Sleep(1500 * time.Millisecond) // longer than a server that is no stream may be silent
		b.backends["broker-0"].release <- struct{}{}
	}
	if lines.Scan() || lines.Err() != nil {
		t.Errorf("the stream ended with %q %v", lines.Text(), lines.Err())
	}
}

func TestLargeBodiesStream(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		const size = 48 << 20
		r, w := io.Pipe()
		h := sha256.New()
		go func() {
			part := make([]byte, 1<<20)
			_, _ = rand.Read(part)
			for sent := 0; sent < size; sent += len(part) {
				if _, err := w.Write(part); err != nil {
					return
				}
				h.Write(part)
				if sent == 0 { // the server has to see the first part before the second is sent
					select {
					case <-b.backends["broker-0"].begun:
					case <-t.Context().Done():
						return
					}
				}
			}
			w.Close()
		}()
		e := b.echo(t, "POST", "/api/v1/broker/upload", r)
		if e.Bytes != size || e.SHA256 != hex.EncodeToString(h.Sum(nil)) {
			t.Errorf("sent %d bytes, %d arrived (%s)", size, e.Bytes, e.SHA256)
		}
		_, data := b.do(t, "GET", fmt.Sprintf("/api/v1/broker/large?n=%d", size), nil)
		if len(data) != size {
			t.Errorf("got %d of %d bytes", len(data), size)
		}
	})
}

func TestErrorsNameTheServerThatIsDown(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", "PORT, read_timeout: 1s", 1)
	eachGateway(t, text, three, func(t *testing.T, b *bench) {
		b.backends["datafeed-0"].http.Close()
		for range 5 { // never marked down: a single instance is always tried
			resp, data := b.do(t, "GET", "/api/v1/datafeed/x", nil)
			b.wantError(t, resp, data, 502, "datafeed", "the server datafeed is down: no instance of it gave an answer")
		}
		for _, header := range [][]string{{"Connection", "Upgrade", "Upgrade", "websocket"}, {"Accept", "text/event-stream"}} {
			resp, data := b.do(t, "GET", "/api/v1/datafeed/ws", nil, header...)
			b.wantError(t, resp, data, 502, "datafeed", "the server datafeed is down: no instance of it gave an answer")
		}
		begin := time.Now()
		resp, data := b.do(t, "GET", "/api/v1/broker/hang", nil)
		b.wantError(t, resp, data, 504, "broker", "the server broker did not answer in time")
		if d := time.Since(begin); d > 8*time.Second {
			t.Errorf("a hung server took %v to be noticed", d)
		}
	})
}

// The page may also be open on its development server's own port.
func TestTheFrontendsOwnOriginMayReadErrors(t *testing.T) {
	t.Parallel()
	text := threeServers + "frontend: {dir: ., command: [npm, run, dev], port: <page>}\nwebsocket: {routing_strategy: query_param}\n"
	eachGateway(t, text, append(three, "page*0"), func(t *testing.T, b *bench) {
		b.backends["broker-0"].http.Close()
		page := fmt.Sprintf("http://localhost:%d", b.c.Page().Port)
		for origin, want := range map[string]string{
			page: page, fmt.Sprintf("http://127.0.0.1:%d", b.c.Page().Port): fmt.Sprintf("http://127.0.0.1:%d", b.c.Page().Port),
			page + "0": "", "https://elsewhere.example": "", page + ".elsewhere.example": "", "": "",
		} {
			resp, data := b.do(t, "GET", "/api/v1/broker/x", nil, "Origin", origin)
			b.wantError(t, resp, data, 502, "broker", "the server broker is down: no instance of it gave an answer")
			if got := resp.Header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("%q may read the error: %q", origin, got)
			}
		}
		// What is asked first, since such a request needs leave.
		resp, _ := b.do(t, "OPTIONS", "/api/v1/broker/x", nil, "Origin", page,
			"Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "content-type")
		h := resp.Header
		if resp.StatusCode != 204 || h.Get("Access-Control-Allow-Origin") != page || h.Get("Access-Control-Allow-Credentials") != "true" ||
			h.Get("Access-Control-Allow-Methods") != "PUT" || h.Get("Access-Control-Allow-Headers") != "content-type" {
			t.Errorf("preflight: %d %v", resp.StatusCode, h)
		}
		resp, _ = b.do(t, "GET", "/api/v1/ws", nil, "Origin", page)
		if got := resp.Header.Get("Access-Control-Allow-Origin"); resp.StatusCode != 400 || got != page {
			t.Errorf("%d for a WebSocket to nowhere, readable for %q", resp.StatusCode, got)
		}
		// What a server says of its own origins is its own.
		resp, _ = b.do(t, "GET", "/api/v1/datafeed/418", nil, "Origin", page)
		if got := resp.Header.Values("Access-Control-Allow-Origin"); got != nil {
			t.Errorf("a server's answer got %q", got)
		}
	})
}

func TestHeadersOfAnyName(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		e := b.echo(t, "GET", "/api/v1/broker/x", nil, "api_key", "s3", "a.b", "1")
		if e.Header.Get("api_key") != "s3" || e.Header.Get("a.b") != "1" {
			t.Errorf("arrived as %v", e.Header)
		}
	})
}

func TestLargeHeadersOfAnAnswer(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		resp, data := b.do(t, "GET", "/api/v1/broker/cookies", nil)
		if n := len(resp.Header.Values("Set-Cookie")); resp.StatusCode != 200 || n != 100 {
			t.Errorf("%d with %d cookies: %s", resp.StatusCode, n, data)
		}
	})
}

func TestOldClientsNeedNoHost(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		conn, err := net.Dial("tcp", b.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET /api/v1/broker/x HTTP/1.0\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var e echo
		if err := json.NewDecoder(resp.Body).Decode(&e); err != nil || resp.StatusCode != 200 || e.Host != b.addr {
			t.Errorf("%d: the server is %q, want the address that was called, %s (%v)", resp.StatusCode, e.Host, b.addr, err)
		}
	})
}

func TestEveryAddressIsOneOfBothKinds(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("this machine has no IPv6: ", err)
	} else {
		l.Close()
	}
	text := strings.Replace(threeServers, "PORT", `PORT, host: "::", tls: true, redirect_port: <redirect>`, 1)
	eachLocalGateway(t, text, append([]string{"redirect*0"}, three...), func(t *testing.T, b *bench) {
		b.client = trusting(t, b.c)
		for _, host := range []string{"127.0.0.1", "::1"} {
			resp, err := b.client.Get("https://" + net.JoinHostPort(host, fmt.Sprint(b.c.Nginx.Port)) + "/api/v1/broker/x")
			if err != nil {
				t.Error(err)
				continue
			}
			var e echo
			if err := json.NewDecoder(resp.Body).Decode(&e); err != nil || e.Header.Get("X-Forwarded-For") != host {
				t.Errorf("%s is called %q (%v)", host, e.Header.Get("X-Forwarded-For"), err)
			}
			resp.Body.Close()
			resp, err = b.client.Get("http://" + net.JoinHostPort(host, fmt.Sprint(b.c.Nginx.RedirectPort)) + "/x")
			if err != nil {
				t.Error(err)
				continue
			}
			resp.Body.Close()
			if want := "https://" + net.JoinHostPort(host, fmt.Sprint(b.c.Nginx.Port)) + "/x"; resp.Header.Get("Location") != want {
				t.Errorf("redirected to %q, want %q", resp.Header.Get("Location"), want)
			}
		}
	})
}

func TestStatusPage(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		resp, data := b.do(t, "GET", "/nginx-status", nil)
		s, err := parseStatus(data)
		if err != nil || resp.StatusCode != 200 || s.Active < 1 || s.Requests < 1 {
			t.Errorf("%d %s: %+v %v", resp.StatusCode, data, s, err)
		}
	})
}

func TestStatusPageIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	if text, err := gateway.Generate(load(t, designFile), gateway.Options{}); err != nil || !strings.Contains(string(text), "allow ::1;\n            deny all;") {
		t.Errorf("%v\n%s", err, text)
	}
}
