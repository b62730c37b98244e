package builtin

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"muster/internal/config"
)

// What nginx.conf says of passive health, retries and connections.
const (
	maxFails       = 10
	failTimeout    = 2 * time.Second
	connectTimeout = time.Second
	tries          = 3
	retryWithin    = 5 * time.Second
)

// pool sends requests to the instances of one server.
type pool struct {
	balance      string
	read, stream time.Duration
	ordered      bool // the first instance that answers, always
	transport    *http.Transport

	aside string // a flag file: while it is there, the spares answer

	mu        sync.Mutex
	next      int
	instances []*member
	spares    []*member
}

// member is an instance with its record.
type member struct {
	addr   string
	active int
	fails  int
	since  time.Time // of the last failure
}

func newPool(addrs []string, balance string, read, stream time.Duration) *pool {
	p := &pool{balance: balance, read: read, stream: stream, instances: members(addrs)}
	p.transport = &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     time.Second, // less than uvicorn's 5, and short: a rolling restart waits for it
		DisableCompression:  true,
		WriteBufferSize:     16 << 10,
		ReadBufferSize:      16 << 10,
	}
	return p
}

func members(addrs []string) []*member {
	var list []*member
	for _, a := range addrs {
		list = append(list, &member{addr: a})
	}
	return list
}

// active are the instances that answer now.
func (p *pool) active() []*member {
	if len(p.spares) > 0 && unix.Access(p.aside, unix.F_OK) == nil {
		return p.spares
	}
	return p.instances
}

// RoundTrip tries instances until one answers, as far as that is safe.
func (p *pool) RoundTrip(r *http.Request) (*http.Response, error) {
	limit := p.read
	if isStream(r) {
		limit = p.stream
	}
	body := &onceBody{ReadCloser: r.Body}
	if r.Body == nil {
		body.ReadCloser = http.NoBody
	}
	begin := time.Now()
	tried := map[*member]bool{}
	var last error
	for range tries {
		m := p.pick(r, tried)
		if m == nil {
			break
		}
		tried[m] = true
		try := r.Clone(r.Context())
		try.URL.Host = m.addr
		// http.Transport repeats by itself what has no body and an Idempotency-Key.
		if body.ReadCloser != http.NoBody || !idempotent(r.Method) {
			try.Body = body
		}
		resp, err := p.send(try, m, limit)
		if err == nil {
			return resp, nil
		}
		last = err
		if r.Context().Err() != nil || body.used.Load() || time.Since(begin) > retryWithin ||
			!idempotent(r.Method) && !unsent(err) {
			break
		}
	}
	body.ReadCloser.Close()
	if last == nil {
		last = errors.New("no live instance")
	}
	return nil, last
}

// send makes one try. Its silence is limited: before the answer and between
// two parts of it.
func (p *pool) send(r *http.Request, m *member, limit time.Duration) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	timer := time.AfterFunc(limit, func() { cancel(os.ErrDeadlineExceeded) })
	resp, err := p.transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		timer.Stop()
		if context.Cause(ctx) == os.ErrDeadlineExceeded {
			err = &timeoutError{limit}
		}
		cancel(nil)
		p.done(m, r.Context().Err() == nil)
		return nil, err
	}
	body := &watchedBody{ReadCloser: resp.Body, timer: timer, limit: limit, finish: func() {
		cancel(nil)
		p.done(m, false)
	}}
	if rw, ok := resp.Body.(io.ReadWriteCloser); ok { // an upgraded connection
		timer.Stop()
		body.timer = time.AfterFunc(limit, func() { rw.Close() })
		resp.Body = &watchedConn{body, rw}
		return resp, nil
	}
	resp.Body = body
	return resp, nil
}

// pick chooses an instance, and counts it as busy.
func (p *pool) pick(r *http.Request, tried map[*member]bool) *member {
	instances := p.active()
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(instances)
	if n == 0 {
		return nil
	}
	now := time.Now()
	start := p.next
	switch {
	case p.ordered:
		start = 0
	case p.balance == config.IPHash:
		start = hashClient(r.Header.Get("X-Real-IP"), n)
	default:
		p.next = (p.next + 1) % n
	}
	var best *member
	for i := range n {
		m := instances[(start+i)%n]
		down := n > 1 && !p.ordered && m.fails >= maxFails && now.Sub(m.since) < failTimeout
		if tried[m] || down {
			continue
		}
		if best == nil || p.balance == config.LeastConn && m.active < best.active {
			best = m
		}
		if p.balance != config.LeastConn {
			break
		}
	}
	if best != nil {
		best.active++
	}
	return best
}

func (p *pool) done(m *member, failed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m.active--
	if !failed {
		m.fails = 0
		return
	}
	m.fails++
	m.since = time.Now()
}

// hashClient keeps a network of clients at one instance: nginx takes the first
// three numbers of an IPv4 address too.
func hashClient(addr string, n int) int {
	h := fnv.New32a()
	ip := net.ParseIP(addr)
	if v4 := ip.To4(); v4 != nil {
		ip = v4[:3]
	}
	h.Write(ip)
	return int(h.Sum32() % uint32(n))
}

// idempotent tells the methods that nginx repeats too (RFC 9110, 9.2.2).
func idempotent(method string) bool {
	switch method {
	case http.MethodPost, http.MethodPatch, http.MethodConnect, "LOCK":
		return false
	}
	return true
}

// unsent tells errors of connecting: no server saw the request.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
