package gateway_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

const threeInstances = `
api_base_url: /api/v1
nginx: {port: PORT}
servers:
  core: {port: <core>, instances: 3, balance: BALANCE}
`

func TestASingleInstanceIsBackAtOnce(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		old := b.backends["broker-0"]
		old.http.Close()
		for range 10 {
			if resp, data := b.do(t, "GET", "/api/v1/broker/x", nil); resp.StatusCode != 502 {
				t.Fatalf("got %d %s", resp.StatusCode, data)
			}
		}
		s, _ := b.c.Server("broker")
		startBackend(t, "broker-new", s.Port)
		if e := b.echo(t, "GET", "/api/v1/broker/x", nil); e.Server != "broker-new" {
			t.Errorf("answered by %s", e.Server)
		}
	})
}

func TestInstancesShareTheRequests(t *testing.T) {
	t.Parallel()
	for _, balance := range []string{"round_robin", "least_conn", "ip_hash"} {
		t.Run(balance, func(t *testing.T) {
			eachGateway(t, strings.Replace(threeInstances, "BALANCE", balance, 1), []string{"core*3"}, func(t *testing.T, b *bench) {
				count := map[string]int{}
				for range 60 {
					count[b.echo(t, "GET", "/api/v1/x", nil).Server]++
				}
				if balance == "ip_hash" {
					if len(count) != 1 {
						t.Errorf("one client went to %v", count)
					}
					return
				}
				for i := range 3 {
					if n := count[fmt.Sprintf("core-%d", i)]; n < 15 {
						t.Errorf("60 requests went %v", count)
						break
					}
				}
			})
		})
	}
}

func TestLeastConnAvoidsABusyInstance(t *testing.T) {
	t.Parallel()
	eachGateway(t, strings.Replace(threeInstances, "BALANCE", "least_conn", 1), []string{"core*3"}, func(t *testing.T, b *bench) {
		busy := map[string]bool{}
		for range 2 {
			_, name := b.dial(t, "/api/v1/ws")
			busy[name] = true
		}
		if len(busy) != 2 {
			t.Fatalf("two sockets went to %v", busy)
		}
		for range 10 {
			if e := b.echo(t, "GET", "/api/v1/x", nil); busy[e.Server] {
				t.Errorf("a request went to %s, which is busy", e.Server)
			}
		}
	})
}

func TestADeadInstanceCostsNoRequest(t *testing.T) {
	t.Parallel()
	eachGateway(t, strings.Replace(threeInstances, "BALANCE", "round_robin", 1), []string{"core*3"}, func(t *testing.T, b *bench) {
		b.backends["core-1"].http.Close()
		for i := range 60 {
			method := []string{"GET", "POST"}[i%2] // nothing was sent yet: a POST is repeated too
			b.echo(t, method, "/api/v1/x", strings.NewReader("body"))
		}
	})
}

func TestOnlyWhatIsSafeIsRepeated(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("body", 1<<18)
	for _, c := range []struct {
		method, body string
		sent         int64
	}{
		{"GET", "", 3}, {"HEAD", "", 3}, {"OPTIONS", "", 3}, {"PUT", "", 3}, {"DELETE", "", 3},
		{"POST", "", 1}, {"PATCH", "", 1}, {"LOCK", "", 1},
		{"POST", "body", 1}, {"POST", large, 1},
		{"PUT", large, 1}, {"GET", large, 1}, // nobody has kept the body
	} {
		t.Run(fmt.Sprintf("%s with %d bytes", c.method, len(c.body)), func(t *testing.T) {
			t.Parallel()
			eachGateway(t, strings.Replace(threeInstances, "BALANCE", "round_robin", 1), []string{"core*3"}, func(t *testing.T, b *bench) {
				resp, data := b.do(t, c.method, "/api/v1/drop", strings.NewReader(c.body))
				if resp.StatusCode != 502 {
					t.Errorf("got %d %s", resp.StatusCode, data)
				}
				if c.method == "POST" {
					b.wantError(t, resp, data, 502, "core", "the server core is down: no instance of it gave an answer")
				}
				if n := b.sent(); n != c.sent {
					t.Errorf("it was sent %d times, want %d", n, c.sent)
				}
			})
		})
	}
}

func TestAHungRequestIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("BALANCE", "round_robin", "PORT", "PORT, read_timeout: 1s").Replace(threeInstances)
	eachGateway(t, text, []string{"core*3"}, func(t *testing.T, b *bench) {
		resp, data := b.do(t, "GET", "/api/v1/hang", nil)
		b.wantError(t, resp, data, 504, "core", "the server core did not answer in time")
		if n := b.sent(); n != 1 {
			t.Errorf("it was sent %d times", n)
		}
	})
}

func TestAKeyOfIdempotencyMakesNoRequestSafe(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		b.echo(t, "GET", "/api/v1/broker/x", nil) // leaves a connection, on which a client of Go repeats
		resp, data := b.do(t, "POST", "/api/v1/broker/drop", nil, "Idempotency-Key", "1")
		if n := b.backends["broker-0"].requests.Load() - 1; resp.StatusCode != 502 || n != 1 {
			t.Errorf("it was sent %d times: %d %s", n, resp.StatusCode, data)
		}
	})
}

func TestConnectionsToTheServersAreKept(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 50 {
					b.echo(t, "POST", "/api/v1/broker/x", strings.NewReader("body"))
				}
			})
		}
		wg.Wait()
		if n := b.backends["broker-0"].conns.Load(); n > 16 {
			t.Errorf("400 requests of 8 clients took %d connections to the server", n)
		}
	})
}
