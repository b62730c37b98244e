package gateway_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/internal/config"
)

// onlyBuiltin runs a test against the builtin gateway. It is for what nginx
// does otherwise, or what another test asks of it.
func onlyBuiltin(t *testing.T, text string, names []string, test func(t *testing.T, b *bench)) {
	t.Run(config.GatewayBuiltin, func(t *testing.T) {
		t.Parallel()
		test(t, newBench(t, text, names, startBuiltin))
	})
}

// rawServer is a backend that answers every connection with what say writes, which
// gets the head of the request.
func rawServer(t *testing.T, port int, say func(conn net.Conn, in *bufio.Reader, head string)) {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			done.Go(func() {
				defer conn.Close()
				stop := t.Context().Done()
				go func() { <-stop; conn.Close() }()
				in := bufio.NewReader(conn)
				for {
					head, err := readHead(in)
					if err != nil {
						return
					}
					say(conn, in, head)
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); done.Wait() })
}

func readHead(in *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		head.WriteString(line)
		if line == "\r\n" {
			return head.String(), nil
		}
	}
}

// talk sends text on a connection of its own and returns all that comes back.
func (b *bench) talk(t testing.TB, text string) string {
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
	data, err := io.ReadAll(conn)
	if err != nil {
		t.Error(err)
	}
	return string(data)
}

func (b *bench) port(t testing.TB, server string) int {
	t.Helper()
	s, ok := b.c.Server(server)
	if !ok {
		t.Fatalf("no server %s", server)
	}
	return s.Port
}

var noBroker = []string{"broker*0", "datafeed", "core"}

func TestAServerMayAnswerBeforeItHasReadTheBody(t *testing.T) {
	t.Parallel()
	onlyBuiltin(t, threeServers, noBroker, func(t *testing.T, b *bench) {
		rawServer(t, b.port(t, "broker"), func(conn net.Conn, in *bufio.Reader, head string) {
			if strings.Contains(head, "/reject") {
				if strings.Contains(head, "chunks") {
					io.WriteString(conn, "HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n")
				} else {
					io.WriteString(conn, "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno")
				}
				_, _ = in.Discard(7)
				return
			}
			io.WriteString(conn, "HTTP/1.1 413 Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge")
			conn.Close()
		})
		conn, err := net.Dial("tcp", b.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		for i := range 300 { // on one connection: it stays
			query := []string{"length", "chunks"}[i/2%2]
			fmt.Fprintf(conn, "POST /api/v1/broker/reject?%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n", query)
			if i%2 == 0 {
				time.Sleep(time.Duration(i) * 10 * time.Microsecond)
			}
			io.WriteString(conn, `{"a":1}`)
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
			data, err := io.ReadAll(resp.Body)
			if resp.StatusCode != 401 || string(data) != "no" || err != nil || resp.Close {
				t.Fatalf("request %d: %d %q %v", i, resp.StatusCode, data, err)
			}
		}
		for range 5 {
			for name, body := range map[string]io.Reader{
				"a length": strings.NewReader(strings.Repeat("x", 8<<20)),
				"chunks":   io.MultiReader(strings.NewReader(strings.Repeat("x", 8<<20))),
			} {
				resp, data := b.do(t, "POST", "/api/v1/broker/upload", body)
				if resp.StatusCode != 413 || string(data) != "large" {
					t.Errorf("%s: got %d %s", name, resp.StatusCode, data)
				}
			}
		}
	})
}

func TestASlowClientIsNoHungServer(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", "PORT, extra: extra.conf", 1) // a second of silence
	eachGateway(t, text, three, func(t *testing.T, b *bench) {
		var all sync.WaitGroup
		all.Go(func() {
			r, w := io.Pipe()
			go func() {
				for range 3 {
					io.WriteString(w, "part")
					time.Sleep(1200 * time.Millisecond)
				}
				w.Close()
			}()
			if e := b.echo(t, "POST", "/api/v1/broker/upload", r); e.Bytes != 12 {
				t.Errorf("%d bytes of a slow upload arrived", e.Bytes)
			}
		})
		all.Go(func() {
			const size = 30_000_000
			conn, err := net.Dial("tcp", b.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.(*net.TCPConn).SetReadBuffer(64 << 10)
			fmt.Fprintf(conn, "GET /api/v1/datafeed/large?n=%d HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", size)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Error(err)
				return
			}
			time.Sleep(2500 * time.Millisecond)
			if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
				t.Errorf("a paused download brought %d of %d bytes: %v", n, size, err)
			}
		})
		all.Wait()
	})
}

func TestAStreamIsKnownByItsTypeToo(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", "PORT, extra: extra.conf", 1)
	onlyBuiltin(t, text, three, func(t *testing.T, b *bench) {
		for _, accept := range []string{"*/*", "application/json, text/event-stream", "TEXT/Event-Stream;q=1"} {
			if _, data := b.do(t, "POST", "/api/v1/broker/quiet", nil, "Accept", accept); string(data) != "data: 0\n\ndata: 1\n\n" {
				t.Errorf("%s: got %q", accept, data)
			}
		}
	})
}

func TestErrorsOfHTTPItselfAreJSON(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"plain": threeServers, "TLS": strings.Replace(threeServers, "PORT", "PORT, tls: true", 1),
	} {
		t.Run(name, func(t *testing.T) {
			onlyBuiltin(t, text, three, func(t *testing.T, b *bench) {
				for _, request := range []string{
					"GET /api/v1/broker/a%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
					"GET /api/v1/broker/x HTTP/1.1\r\n\r\n",
					"nonsense\r\n\r\n",
				} {
					conn, err := net.Dial("tcp", b.addr)
					if err != nil {
						t.Fatal(err)
					}
					if name == "TLS" {
						conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
					}
					defer conn.Close()
					io.WriteString(conn, request)
					resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err != nil {
						t.Fatal(err)
					}
					data, _ := io.ReadAll(resp.Body)
					b.wantError(t, resp, data, 400, "", "bad request")
				}
			})
		})
	}
}

func TestNothingIsAddedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	onlyBuiltin(t, threeServers, noBroker, func(t *testing.T, b *bench) {
		heads := make(chan string, 10)
		rawServer(t, b.port(t, "broker"), func(conn net.Conn, in *bufio.Reader, head string) {
			heads <- head
			if strings.Contains(head, "/expect") {
				_, _ = in.Discard(4)
			}
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nX_Under.dot: %s\r\nContent-Length: 2\r\n\r\nok", strings.Repeat("b", 100_000))
		})
		for _, c := range []struct{ request, want string }{
			{"GET /api/v1/broker/x HTTP/1.0\r\n\r\n", "Host: " + b.addr},
			{"GET /api/v1/broker/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX_Under: 1\r\nX.Dot: 2\r\n\r\n", "X.dot: 2"},
			{"POST /api/v1/broker/expect HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nexpect: foo\r\nContent-Length: 4\r\n\r\nbody", "Content-Length: 4"},
		} {
			answer := b.talk(t, c.request)
			if !strings.Contains(answer, " 200 OK\r\n") || !strings.HasSuffix(answer, "\r\n\r\nok") || strings.Contains(answer, "Content-Type") || len(answer) < 100_000 {
				t.Errorf("%q: answered %.200q", c.request, answer)
				continue
			}
			head := <-heads
			for _, added := range []string{"User-Agent", "Accept-Encoding", "Expect", "Connection"} {
				if strings.Contains(head, added) {
					t.Errorf("%q: the gateway added %s:\n%s", c.request, added, head)
				}
			}
			if !strings.Contains(head, "\r\n"+c.want+"\r\n") {
				t.Errorf("%q arrived without %q:\n%s", c.request, c.want, head)
			}
		}
	})
}

func TestTheErrorsCanBeReadByThePageOnItsOwnPort(t *testing.T) {
	t.Parallel()
	text := threeServers + "frontend: {dir: ., command: [npm, run, dev], port: <page>}\n"
	onlyBuiltin(t, text, []string{"broker*0", "datafeed", "core", "page"}, func(t *testing.T, b *bench) {
		own := fmt.Sprintf("http://localhost:%d", b.c.Page().Port)
		for origin, want := range map[string]string{own: own, "http://evil.example": ""} {
			resp, _ := b.do(t, "GET", "/api/v1/broker/x", nil, "Origin", origin)
			if got := resp.Header.Get("Access-Control-Allow-Origin"); resp.StatusCode != 502 || got != want {
				t.Errorf("a page of %s: %d, allowed is %q", origin, resp.StatusCode, got)
			}
		}
	})
}

func TestRequestsThatKillTakeNoServerDown(t *testing.T) {
	t.Parallel()
	onlyBuiltin(t, strings.Replace(threeInstances, "BALANCE", "round_robin", 1), []string{"core*3"}, func(t *testing.T, b *bench) {
		for range 4 {
			if resp, _ := b.do(t, "GET", "/api/v1/drop", nil); resp.StatusCode != 502 {
				t.Errorf("got %d", resp.StatusCode)
			}
		}
		for range 6 {
			b.echo(t, "GET", "/api/v1/x", nil)
		}
	})
}

func TestPlainHTTPOnThePortOfTLS(t *testing.T) {
	t.Parallel()
	eachGateway(t, strings.Replace(threeServers, "PORT", "PORT, tls: true", 1), three, func(t *testing.T, b *bench) {
		resp, _ := b.do(t, "GET", "/api/v1/broker/x?a=b", nil)
		if got, want := resp.Header.Get("Location"), "https://"+b.addr+"/api/v1/broker/x?a=b"; resp.StatusCode != 308 || got != want {
			t.Errorf("got %d to %q, want %q", resp.StatusCode, got, want)
		}
		silent, err := net.Dial("tcp", b.addr) // keeps nobody else waiting
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		b.client = trusting(t, b.c)
		resp, err = b.client.Get("https://" + b.addr + "/api/v1/broker/x")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var e echo
		if err := json.NewDecoder(resp.Body).Decode(&e); err != nil || e.Header.Get("X-Forwarded-Proto") != "https" {
			t.Errorf("%v %v", e.Header, err)
		}
	})
}

func TestTheAnyAddressOfIPv6IsThatOfIPv4Too(t *testing.T) {
	t.Parallel()
	onlyBuiltin(t, strings.Replace(threeServers, "PORT", `PORT, host: "::"`, 1), three, func(t *testing.T, b *bench) {
		for _, host := range []string{"127.0.0.1", "[::1]"} {
			b.addr = fmt.Sprintf("%s:%d", host, b.c.Nginx.Port)
			b.echo(t, "GET", "/api/v1/broker/x", nil)
		}
	})
}

func TestAServerThatIsDownBreaksNoConnection(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, noBroker, func(t *testing.T, b *bench) {
		conn, err := net.Dial("tcp", b.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		for i := range 20 {
			fmt.Fprintf(conn, "POST /api/v1/broker/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n{\"a\":1}")
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
			data, _ := io.ReadAll(resp.Body)
			b.wantError(t, resp, data, 502, "broker", "the server broker is down: no instance of it gave an answer")
		}
	})
}
