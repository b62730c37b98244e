package gateway_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"muster/internal/gateway"
	"muster/internal/gateway/builtin"
)

// reload has the gateway read its file again.
func (b *bench) reload(t testing.TB, kind string) {
	t.Helper()
	var data []byte
	var err error
	file := b.c.Local().NginxConf()
	if kind == "nginx" {
		data, err = gateway.Generate(b.c, gateway.Options{Binary: realNginx(t, b.c), User: gateway.User()})
	} else {
		file = b.c.Local().BuiltinConf()
		data, err = builtin.Config(b.c)
	}
	if err == nil {
		_, err = gateway.Write(file, data)
	}
	if err == nil {
		err = b.cmd.Process.Signal(syscall.SIGHUP)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// standIns starts those of a server, and returns the flag at which they answer.
func (b *bench) standIns(t testing.TB, server string) (flag string) {
	t.Helper()
	s, _ := b.c.Server(server)
	ports := b.c.SparePorts()
	for i := range s.Instances {
		name := fmt.Sprintf("%s-%d.spare", server, i)
		b.backends[name] = startBackend(t, name, ports[s.Port+i])
	}
	flag = b.c.Local().Aside(server)
	if err := os.MkdirAll(filepath.Dir(flag), 0o700); err != nil {
		t.Fatal(err)
	}
	return flag
}

func TestStandInsAnswerEveryKindOfRequest(t *testing.T) {
	t.Parallel()
	for strategy, uri := range map[string]string{"path": "/api/v1/broker/ws", "query_param": "/api/v1/ws?type=broker"} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			eachLocalGateway(t, threeServers+"websocket: {routing_strategy: "+strategy+"}\n", three, func(t *testing.T, b *bench) {
				flag := b.standIns(t, "broker")
				for _, turn := range []struct {
					do     func() error
					answer string
				}{
					{func() error { return os.WriteFile(flag, nil, 0o600) }, "broker-0.spare"},
					{func() error { return os.Remove(flag) }, "broker-0"},
				} {
					if err := turn.do(); err != nil {
						t.Fatal(err)
					}
					// nginx believes for a second what it knows of a file.
					waitFor(t, turn.answer, func() bool { return b.echo(t, "GET", "/api/v1/broker/x", nil).Server == turn.answer })
					for _, header := range []string{"*/*", "text/event-stream"} {
						if e := b.echo(t, "GET", "/api/v1/broker/x", nil, "Accept", header); e.Server != turn.answer {
							t.Errorf("%s: %s answers, want %s", header, e.Server, turn.answer)
						}
					}
					if _, server := b.dial(t, uri); server != turn.answer {
						t.Errorf("a WebSocket is at %s, want %s", server, turn.answer)
					}
					if e := b.echo(t, "GET", "/api/v1/datafeed/x", nil); e.Server != "datafeed-0" {
						t.Errorf("another server's request goes to %s", e.Server)
					}
				}
			})
		})
	}
}

func TestReloadsAndARollingRestartLoseNoRequest(t *testing.T) {
	t.Parallel()
	text := "api_base_url: /api/v1\nnginx: {port: PORT}\nservers: {core: {port: <core>, instances: 2}}\n"
	for kind, start := range localKinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, text, []string{"core*2"}, start)
			old, _ := b.dial(t, "/api/v1/ws")
			flag := b.standIns(t, "core")
			steps := []func() error{
				func() error { b.reload(t, kind); return nil },
				func() error { return os.WriteFile(flag, nil, 0o600) }, // the stand-ins take over
				func() error { b.reload(t, kind); return nil },
				func() error { return os.Remove(flag) },
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var sent atomic.Int64
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for ctx.Err() == nil {
						resp, err := b.client.Get("http://" + b.addr + "/api/v1/x")
						if err != nil {
							t.Errorf("after %d requests: %v", sent.Load(), err)
							return
						}
						_, err = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
						if err != nil || resp.StatusCode != 200 {
							t.Errorf("after %d requests: %d %v", sent.Load(), resp.StatusCode, err)
							return
						}
						sent.Add(1)
					}
				})
			}
			for i, step := range steps {
				n := sent.Load()
				if err := step(); err != nil {
					t.Fatal(err)
				}
				waitFor(t, "requests after a change", func() bool { return sent.Load() > n+200 || t.Failed() })
				if i == 1 { // nothing is left that goes to the first two
					waitFor(t, "the last request to an old instance", func() bool {
						before := b.backends["core-0"].requests.Load() + b.backends["core-1"].requests.Load()
						n := sent.Load()
						for sent.Load() < n+100 && !t.Failed() {
							time.Sleep(time.Millisecond)
						}
						return b.backends["core-0"].requests.Load()+b.backends["core-1"].requests.Load() == before
					})
				}
			}
			stop()
			wg.Wait()
			if n := b.backends["core-1.spare"].requests.Load(); n == 0 {
				t.Error("the new instance got no request")
			}
			// A WebSocket from before all of that is still the same connection.
			if err := old.Write(t.Context(), websocket.MessageText, []byte("still there?")); err != nil {
				t.Fatal(err)
			}
			if _, data, err := old.Read(t.Context()); err != nil || string(data) != "still there?" {
				t.Errorf("got %q (%v)", data, err)
			}
		})
	}
}

func TestFiveThousandWebSockets(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	const sockets, rounds = 5000, 3
	text := strings.Replace(threeServers, "PORT", "PORT, worker_connections: 16384", 1)
	b := newBench(t, text, three, startNginx)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	begin := time.Now()
	conns := make([]*websocket.Conn, sockets)
	var wg sync.WaitGroup
	gate := make(chan struct{}, 64)
	for i := range conns {
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			c, _, err := websocket.Dial(ctx, "ws://"+b.addr+"/api/v1/broker/ws", nil)
			if err != nil {
				t.Errorf("socket %d: %v", i, err)
				return
			}
			conns[i] = c
			if _, _, err := c.Read(ctx); err != nil {
				t.Errorf("socket %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	opened := time.Since(begin)
	for round := range rounds {
		for i, c := range conns {
			gate <- struct{}{}
			wg.Go(func() {
				defer func() { <-gate }()
				message := fmt.Appendf(nil, "%d of %d", round, i)
				if err := c.Write(ctx, websocket.MessageText, message); err != nil {
					t.Errorf("socket %d: %v", i, err)
				} else if _, got, err := c.Read(ctx); err != nil || !bytes.Equal(got, message) {
					t.Errorf("socket %d got %q for %q (%v)", i, got, message, err)
				}
			})
		}
		wg.Wait()
	}
	t.Logf("%d sockets opened in %v, %d messages each way in %v", sockets, opened, rounds*sockets, time.Since(begin)-opened)
	for _, c := range conns {
		c.CloseNow()
	}
}

// manyServers is a configuration of 200 servers with 10 modules each.
func manyServers() string {
	var text strings.Builder
	text.WriteString("api_base_url: /api/v1\nnginx: {port: 8000}\nservers:\n")
	for s := range 200 {
		fmt.Fprintf(&text, "  server%d:\n    port: %d\n    instances: 2\n    modules: [", s, 10000+2*s)
		for m := range 10 {
			fmt.Fprintf(&text, "m%d_%d, ", s, m)
		}
		text.WriteString("]\n")
	}
	return text.String()
}

func TestTwoHundredServersPassNginx(t *testing.T) {
	t.Parallel()
	generated(t, load(t, manyServers()), gateway.Options{})
	generated(t, load(t, manyServers()+"websocket: {routing_strategy: query_param}\n"), gateway.Options{})
}

func BenchmarkGenerate200ServersOf10Modules(b *testing.B) {
	c := load(b, manyServers())
	for b.Loop() {
		if _, err := gateway.Generate(c, gateway.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindAgain(b *testing.B) {
	c := load(b, designFile)
	realNginx(b, c)
	for b.Loop() {
		realNginx(b, c)
	}
}

// BenchmarkBuiltin is a request through the builtin gateway; BenchmarkGateway
// is the one for nginx.
func BenchmarkBuiltin(b *testing.B) {
	g := newBench(b, threeServers, three, startBuiltin)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			resp, err := g.client.Get("http://" + g.addr + "/api/v1/broker/418")
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusTeapot {
				b.Errorf("%d", resp.StatusCode)
				return
			}
		}
	})
}
