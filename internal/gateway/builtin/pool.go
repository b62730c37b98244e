package builtin

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"muster/internal/config"
)

// What nginx.conf says of passive health, retries and connections.
const (
	maxFails       = 10
	failTimeout    = 2 * time.Second
	connectTimeout = time.Second
	tries          = 3
	retryWithin    = 5 * time.Second
	maxIdle        = 64
	idleTimeout    = time.Second // less than uvicorn's 5, and short: a rolling restart waits for it
)

// pool sends requests to the instances of one server.
type pool struct {
	balance      string
	read, stream time.Duration
	ordered      bool          // the first instance that answers, always
	bodyTimeout  time.Duration // of the client

	aside string // a flag file: while it is there, the spares answer

	mu        sync.Mutex
	next      int
	instances []*member
	spares    []*member
	sweeper   *time.Timer // ends connections that are idle for too long; nil: there are none
	closed    bool
}

// member is an instance with its record.
type member struct {
	addr   string
	active int
	fails  int
	since  time.Time   // of the last failure
	idle   []*upstream // the last one was used last
}

func newPool(addrs []string, balance string, read, stream time.Duration) *pool {
	return &pool{balance: balance, read: read, stream: stream, bodyTimeout: bodyTimeout, instances: members(addrs)}
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
	if len(p.spares) > 0 && exists(p.aside) {
		return p.spares
	}
	return p.instances
}

// serve passes a request to an instance, and the answer to the client. Where
// none came, fail answers.
func (p *pool) serve(w http.ResponseWriter, r *http.Request, fail func(error)) {
	body := newUpload(w, r, p.bodyTimeout)
	a, err := p.ask(w, r, body)
	defer w.(*exchange).answered()
	if err == nil {
		defer a.Close()
		if a.StatusCode == http.StatusSwitchingProtocols {
			err = a.tunnel(w)
			if err == nil {
				return
			}
		}
	}
	if body != nil {
		defer func() { body.finish(w.Header(), err != nil || a.whole) }()
	}
	if err != nil {
		body.answering(w.Header())
		fail(err)
		return
	}
	a.deliver(w)
}

// ask tries instances until one answers, as far as that is safe.
func (p *pool) ask(w http.ResponseWriter, r *http.Request, body *upload) (*answer, error) {
	begin := time.Now()
	var tried []*member
	repeated := false // on a new connection, so that an end is the instance's own
	last := errors.New("no live instance")
	for range tries {
		m := p.pick(r, tried)
		if m == nil {
			break
		}
		w.(*exchange).trying(m.addr)
		a, reused, err := p.try(w, r, m, body, repeated)
		if err == nil {
			return a, nil
		}
		last = err
		if !reused { // else the connection may have ended, and not the instance
			tried = append(tried, m)
		}
		if r.Context().Err() != nil || time.Since(begin) > retryWithin {
			break
		}
		if unsent(err) {
			continue
		}
		if body.begun() || !idempotent(r.Method) || isTimeout(err) {
			break
		}
		repeated = true
	}
	return nil, last
}

// try makes one try, on a new connection where a fresh one is asked for.
func (p *pool) try(w http.ResponseWriter, r *http.Request, m *member, body *upload, fresh bool) (a *answer, reused bool, err error) {
	var u *upstream
	if !fresh {
		u = p.reuse(m)
	}
	if u == nil {
		if u, err = dial(r.Context(), m.addr); err != nil {
			p.done(m, r.Context().Err() == nil)
			return nil, false, err
		}
	}
	limit := p.read
	if isStream(r) {
		limit = p.stream
	}
	u.limit.Store(int64(limit))
	stop := context.AfterFunc(r.Context(), func() { u.Close() })
	resp, err := u.ask(w, r, body) //nolint:bodyclose // answer.Close does
	if err == nil {
		return &answer{Response: resp, pool: p, member: m, u: u, body: body, stop: stop}, false, nil
	}
	stop()
	if body.begun() && u.closed.Load() { // by the client's side, whose reader ends then
		<-body.done
		if body.err != nil {
			err = &clientError{body.err}
		}
	}
	u.Close()
	if isTimeout(err) && !errors.As(err, new(*clientError)) {
		err = fmt.Errorf("no answer within %v: %w", limit, err)
	}
	left := r.Context().Err() != nil || errors.As(err, new(*clientError))
	p.done(m, !left && !u.reused)
	return nil, u.reused, fmt.Errorf("%s: %w", m.addr, err)
}

// clientError is a body that did not come, or was none.
type clientError struct{ error }

func (e *clientError) Unwrap() error { return e.error }

// reuse finds a connection that is still open, or nil.
func (p *pool) reuse(m *member) *upstream {
	for {
		p.mu.Lock()
		n := len(m.idle)
		if n == 0 {
			p.mu.Unlock()
			return nil
		}
		u := m.idle[n-1]
		m.idle = m.idle[:n-1]
		p.mu.Unlock()
		if time.Since(u.since) < idleTimeout && u.quiet() {
			u.reused = true
			return u
		}
		u.Close()
	}
}

// keep takes a connection for the next request.
func (p *pool) keep(m *member, u *upstream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(m.idle) >= maxIdle {
		u.Close()
		return
	}
	u.since = time.Now()
	m.idle = append(m.idle, u)
	if p.sweeper == nil {
		p.sweeper = time.AfterFunc(idleTimeout, p.sweep)
	}
}

// sweep ends the connections that have been idle for too long.
func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	some := false
	for _, m := range slices.Concat(p.instances, p.spares) {
		m.idle = slices.DeleteFunc(m.idle, func(u *upstream) bool {
			old := p.closed || time.Since(u.since) >= idleTimeout
			if old {
				u.Close()
			}
			return old
		})
		some = some || len(m.idle) > 0
	}
	if some {
		p.sweeper.Reset(idleTimeout / 4)
	} else {
		p.sweeper = nil
	}
}

// close lets no connection be idle any more.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.sweep()
}

// pick chooses an instance, and counts it as busy. Where every instance has
// failed lately, that says nothing of any of them.
func (p *pool) pick(r *http.Request, tried []*member) *member {
	instances := p.active()
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(instances)
	if n == 0 {
		return nil
	}
	start := p.next
	switch {
	case p.ordered:
		start = 0
	case p.balance == config.IPHash:
		start = hashClient(clientIP(r), n)
	default:
		p.next = (p.next + 1) % n
	}
	now := time.Now()
	best := p.choose(instances, start, func(m *member) bool {
		return !slices.Contains(tried, m) && (p.ordered || m.fails < maxFails || now.Sub(m.since) >= failTimeout)
	})
	if best == nil {
		best = p.choose(instances, start, func(m *member) bool { return !slices.Contains(tried, m) })
	}
	if best != nil {
		best.active++
	}
	return best
}

// choose takes the first instance from start on that is fit, or the one of
// them that has least to do.
func (p *pool) choose(instances []*member, start int, fit func(*member) bool) (best *member) {
	for i := range instances {
		m := instances[(start+i)%len(instances)]
		if !fit(m) {
			continue
		}
		if p.balance != config.LeastConn {
			return m
		}
		if best == nil || m.active < best.active {
			best = m
		}
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

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
