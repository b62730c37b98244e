package builtin

import (
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
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

// TestEveryPartIsASignOfLife has timers that are stopped: what counts as a sign
// of life starts them again.
func TestEveryPartIsASignOfLife(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(*time.Timer, io.ReadWriteCloser){
		"a part of an answer": func(timer *time.Timer, rw io.ReadWriteCloser) {
			_, _ = (&watchedBody{ReadCloser: rw, timer: timer, limit: time.Hour}).Read(make([]byte, 1))
		},
		"a message to the client": func(timer *time.Timer, rw io.ReadWriteCloser) {
			_, _ = (&watchedConn{watchedBody: &watchedBody{ReadCloser: rw, timer: timer, limit: time.Hour}}).Read(make([]byte, 1))
		},
		"a message to the server": func(timer *time.Timer, rw io.ReadWriteCloser) {
			_, _ = (&watchedConn{&watchedBody{timer: timer, limit: time.Hour}, rw}).Write([]byte("x"))
		},
	} {
		here, there := net.Pipe()
		var done sync.WaitGroup
		done.Go(func() { // the other side says one byte or hears one
			if strings.HasSuffix(name, "server") {
				_, _ = there.Read(make([]byte, 1))
			} else {
				_, _ = there.Write([]byte("x"))
			}
		})
		timer := time.AfterFunc(time.Hour, func() {})
		timer.Stop()
		use(timer, here)
		done.Wait()
		if !timer.Stop() {
			t.Errorf("%s is no sign of life", name)
		}
		here.Close()
		there.Close()
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
