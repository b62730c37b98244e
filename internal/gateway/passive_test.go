package gateway_test

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// What both gateways say of passive health.
const (
	maxFails    = 10
	failTimeout = 2 * time.Second
)

func TestABrokenInstanceIsLeftAloneAndComesBack(t *testing.T) {
	t.Parallel()
	eachGateway(t, strings.Replace(threeInstances, "BALANCE", "round_robin", 1), []string{"core*3"}, func(t *testing.T, b *bench) {
		b.backends["core-1"].http.Close()
		s, _ := b.c.Server("core")
		syscall.ForkLock.RLock() // a program that another test starts has the port until its exec
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(s.Port+1))
		syscall.ForkLock.RUnlock()
		if err != nil {
			t.Fatal(err)
		}
		var tried atomic.Int64
		var done sync.WaitGroup
		done.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				tried.Add(1)
				conn.Close()
			}
		})
		stop := sync.OnceFunc(func() { l.Close(); done.Wait() })
		t.Cleanup(stop)
		begin := time.Now()
		for range 60 {
			b.echo(t, "GET", "/api/v1/x", nil)
		}
		if n, most := tried.Load(), int64(maxFails+1+time.Since(begin)/failTimeout); n == 0 || n > most {
			t.Errorf("it was tried %d times, want 1 to %d", n, most)
		}
		stop()
		startBackend(t, "core-new", s.Port+1)
		waitFor(t, "the instance to come back", func() bool { return b.echo(t, "GET", "/api/v1/x", nil).Server == "core-new" })
	})
}

func TestARequestThatBreaksEveryInstanceTakesNoneDown(t *testing.T) {
	t.Parallel()
	for _, balance := range []string{"round_robin", "least_conn", "ip_hash"} {
		t.Run(balance, func(t *testing.T) {
			t.Parallel()
			eachGateway(t, strings.Replace(threeInstances, "BALANCE", balance, 1), []string{"core*3"}, func(t *testing.T, b *bench) {
				for range 5 {
					if resp, data := b.do(t, "GET", "/api/v1/drop", nil); resp.StatusCode != 502 {
						t.Errorf("got %d %s", resp.StatusCode, data)
					}
					b.echo(t, "GET", "/api/v1/x", nil)
				}
			})
		})
	}
}

func TestAClientThatLeavesIsNoFailureOfTheServer(t *testing.T) {
	t.Parallel()
	eachGateway(t, strings.Replace(threeInstances, "BALANCE", "round_robin", 1), []string{"core*3"}, func(t *testing.T, b *bench) {
		for i := range int64(3 * maxFails) {
			ctx, cancel := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, "GET", "http://"+b.addr+"/api/v1/hang", nil)
			if err != nil {
				t.Fatal(err)
			}
			var gone sync.WaitGroup
			gone.Go(func() {
				if resp, err := b.client.Do(req); err == nil {
					resp.Body.Close()
				}
			})
			waitFor(t, "the request to arrive", func() bool { return b.sent() > i })
			cancel()
			gone.Wait()
		}
		for range 30 {
			b.echo(t, "GET", "/api/v1/x", nil)
		}
	})
}
