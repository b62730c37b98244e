package gateway_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"muster/internal/gateway"
)

// raw sends a request as it stands and returns the answer.
func raw(t *testing.T, conn net.Conn, request string) (*http.Response, []byte) {
	t.Helper()
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, nil
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, data
}

func (b *bench) raw(t *testing.T, port int, request string) (*http.Response, []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	return raw(t, conn, request)
}

// get is a request with a Host of its own.
func get(uri, host string) string {
	return "GET " + uri + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"
}

const (
	upgrade = "GET /api/v1/broker/ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nHost: "
	ours = `PORT, hosts: [My.test, "*.your.test", default, my.test, 192.0.2.1]`
)

func TestStrangersHostsAreRefused(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", ours, 1)
	eachGateway(t, text, three, func(t *testing.T, b *bench) {
		for _, host := range []string{
			"evil.test", "evil.test:80", "EVIL.test.", "your.test", "xyour.test", "a.my.test", "hostnames", "mylocalhost", "localhost.evil.test",
			"127.0.0.1.evil.test", "1.2.3.4.5", "1.2.3.999", "1.2.3", "your.test.evil.test",
		} {
			for _, request := range []string{get("/api/v1/broker/x", host), get("/nginx-status", host), get("/nowhere", host), upgrade + host + "\r\n\r\n",
				"GET http://" + host + "/api/v1/broker/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"} {
				resp, data := b.raw(t, b.c.Nginx.Port, request)
				b.wantError(t, resp, data, 421, "", gateway.StrangeHost)
			}
		}
		for _, request := range []string{strings.Replace(get("/a", "evil.test"), "GET", "TRACE", 1), get("/"+strings.Repeat("a", 40_000), "evil.test")} {
			resp, data := b.raw(t, b.c.Nginx.Port, request)
			if want := fmt.Sprintf(`{"error":{"status":%d,`, resp.StatusCode); resp.StatusCode < 400 || !strings.HasPrefix(string(data), want) {
				t.Errorf("%.40q: %d %s", request, resp.StatusCode, data)
			}
		}
		if n := b.sent(); n != 0 {
			t.Errorf("%d requests reached a server", n)
		}
		for _, host := range []string{
			"localhost", "LocalHost:1", "localhost.", "a.localhost", "a.B.localhost.:80", "127.0.0.1", "127.0.0.1.", "192.168.100.255:8000", "[::1]", "[2001:DB8::7]:8000",
			"my.test", "MY.test.:8000", "a.your.test", "a.b.Your.test", "default",
		} {
			for _, uri := range []string{"/api/v1/broker/x", "/nginx-status", "http://" + host + "/api/v1/broker/x"} {
				if resp, data := b.raw(t, b.c.Nginx.Port, get(uri, host)); resp.StatusCode != 200 {
					t.Errorf("%s of %s: %d %s", uri, host, resp.StatusCode, data)
				}
			}
			if resp, data := b.raw(t, b.c.Nginx.Port, upgrade+host+"\r\n\r\n"); resp.StatusCode != 101 {
				t.Errorf("a WebSocket of %s: %d %s", host, resp.StatusCode, data)
			}
		}
		if resp, data := b.raw(t, b.c.Nginx.Port, "GET /nginx-status HTTP/1.0\r\n\r\n"); resp.StatusCode != 200 {
			t.Errorf("HTTP/1.0 without Host: %d %s", resp.StatusCode, data)
		}
		if !strings.Contains(gateway.StrangeHost, "nginx.hosts") {
			t.Error("the answer does not name the key")
		}
	})
}

func TestStrangersHostsAreRefusedWithHTTPS(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", ours+", tls: true, redirect_port: <redirect>", 1)
	eachGateway(t, text, append([]string{"redirect*0"}, three...), func(t *testing.T, b *bench) {
		for _, c := range []struct {
			sni, host string
			status    int
		}{
			{"evil.test", "evil.test", 421}, {"localhost", "evil.test", 421}, {"my.test", "evil.test:1", 421}, {"", "evil.test", 421},
			{"evil.test", "localhost", 200}, {"my.test", "my.test", 200}, {"a.your.test", "a.your.test", 200}, {"", "[::1]", 200},
		} {
			trust := trusting(t, b.c).Transport.(*http.Transport).TLSClientConfig
			trust.ServerName, trust.InsecureSkipVerify = c.sni, c.sni == "" || c.sni == "evil.test"
			conn, err := tls.Dial("tcp", b.addr, trust)
			if err != nil {
				t.Fatalf("%+v: %v", c, err)
			}
			resp, data := raw(t, conn, get("/api/v1/broker/x", c.host))
			if resp.StatusCode != c.status {
				t.Errorf("%+v: %d %s", c, resp.StatusCode, data)
			}
		}
		b.client = trusting(t, b.c)
		req, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+b.addr+"/nginx-status", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "evil.test"
		resp, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, _ := io.ReadAll(resp.Body)
		b.wantError(t, resp, data, 421, "", gateway.StrangeHost)
		if resp.ProtoMajor != 2 {
			t.Errorf("HTTP/%d", resp.ProtoMajor)
		}

		resp, data = b.raw(t, b.c.Nginx.RedirectPort, get("/a?b", "evil.test"))
		b.wantError(t, resp, data, 421, "", gateway.StrangeHost)
		for host, want := range map[string]string{"MY.test:1": "my.test", "[::1]": "[::1]", "[::1]:80": "[::1]"} {
			resp, _ = b.raw(t, b.c.Nginx.RedirectPort, get("/a?b", host))
			if got, want := resp.Header.Get("Location"), fmt.Sprintf("https://%s:%d/a?b", want, b.c.Nginx.Port); resp.StatusCode != 308 || got != want {
				t.Errorf("%s was redirected with %d to %q, want %q", host, resp.StatusCode, got, want)
			}
		}
		if resp, _ = b.raw(t, b.c.Nginx.Port, get("/a?b", "evil.test")); resp.Header.Get("Location") != "" {
			t.Errorf("plain HTTP on the port of HTTPS was redirected to %q", resp.Header.Get("Location"))
		}
	})
}

func TestTheNetworkSeesNoStatusPage(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", "PORT, host: 0.0.0.0", 1)
	addrs, _ := net.InterfaceAddrs()
	i := slices.IndexFunc(addrs, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast()
	})
	if i < 0 {
		t.Skip("this machine has no address of a network")
	}
	eachGateway(t, text, three, func(t *testing.T, b *bench) {
		b.addr = fmt.Sprintf("%s:%d", addrs[i].(*net.IPNet).IP, b.c.Nginx.Port)
		resp, data := b.do(t, "GET", "/nginx-status", nil, "X-Forwarded-For", "127.0.0.1", "X-Real-IP", "127.0.0.1")
		b.wantError(t, resp, data, 403, "", "the gateway could not serve this request")
	})
}

func TestHostsOfANetwork(t *testing.T) {
	t.Parallel()
	for hosts, status := range map[string]int{"": 200, ", hosts: []": 421, ", hosts: [my.test]": 421} {
		text := strings.Replace(threeServers, "PORT", "PORT, host: 0.0.0.0"+hosts, 1)
		eachGateway(t, text, three, func(t *testing.T, b *bench) {
			for host, want := range map[string]int{"evil.test": status, "192.0.2.1": 200, "localhost": 200} {
				if resp, data := b.raw(t, b.c.Nginx.Port, get("/nginx-status", host)); resp.StatusCode != want {
					t.Errorf("%s with %q: %d %s", host, hosts, resp.StatusCode, data)
				}
			}
		})
	}
	for host, any := range map[string]bool{"": false, "127.0.0.2": false, "::1": false, "LOCALHOST": false, "x.localhost": false,
		"::": true, "192.168.1.2": true, "box": true} {
		c := load(t, designFile)
		c.Nginx.Host = host
		if got := gateway.Hosts(c.Nginx); (got == nil) != any {
			t.Errorf("on %q: %q", host, got)
		}
	}
}
