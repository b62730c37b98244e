package builtin

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	bufferSize = 16 << 10
	// Cookies and tokens of a login make heads of 20 kB; nobody needs a megabyte.
	maxAnswerHead = 1 << 20
)

var errHead = errors.New("the head of its answer is longer than 1 MB")

// upstream is a connection to an instance. The limit holds for each read, and
// only while sent says that all there is was handed over: what the client is
// slow to send or to take is no silence of the server.
type upstream struct {
	net.Conn
	in    *bufio.Reader
	out   *bufio.Writer
	head  int          // what may yet come of an answer's head
	limit atomic.Int64 // in nanoseconds
	sent  atomic.Bool

	closed atomic.Bool
	reused bool
	since  time.Time // when it fell idle
	raw    syscall.RawConn
	probe  func(fd uintptr) bool
	alive  bool
}

func dial(ctx context.Context, addr string) (*upstream, error) {
	conn, err := (&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	u := &upstream{Conn: conn}
	u.in, u.out = bufio.NewReaderSize(u, bufferSize), bufio.NewWriterSize(conn, bufferSize)
	if s, ok := conn.(syscall.Conn); ok {
		u.raw, _ = s.SyscallConn()
	}
	u.probe = func(fd uintptr) bool {
		u.alive = silent(fd)
		return true // do not wait
	}
	return u, nil
}

// quiet tells whether an idle connection is still open: its server has neither
// ended it nor said anything that nobody asked for.
func (u *upstream) quiet() bool {
	u.alive = false
	return u.in.Buffered() == 0 && u.raw != nil && u.raw.Read(u.probe) == nil && u.alive
}

func (u *upstream) Close() error {
	u.closed.Store(true)
	return u.Conn.Close()
}

func (u *upstream) Read(p []byte) (int, error) {
	if u.head <= 0 {
		return 0, errHead
	}
	if u.sent.Load() {
		u.startClock()
	}
	n, err := u.Conn.Read(p)
	u.head -= n
	return n, err
}

func (u *upstream) startClock() { _ = u.SetReadDeadline(time.Now().Add(time.Duration(u.limit.Load()))) }

// delivered starts the clock of whoever waits for the answer already.
func (u *upstream) delivered() {
	u.sent.Store(true)
	u.startClock()
}

// ask sends the head of a request, and its body as it comes. It returns the
// head of the answer.
func (u *upstream) ask(w http.ResponseWriter, r *http.Request, body *upload) (*http.Response, error) {
	u.head = maxAnswerHead
	u.sent.Store(body == nil)
	if body != nil {
		_ = u.SetReadDeadline(time.Time{})
	}
	writeHead(u.out, r)
	if err := u.out.Flush(); err != nil {
		return nil, err
	}
	if body != nil {
		body.start(u)
	}
	for {
		resp, err := http.ReadResponse(u.in, r)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			u.head = int(^uint(0) >> 1)
			return resp, nil
		}
		if resp.StatusCode != http.StatusContinue { // nobody asked the server for that one
			passHeader(w.Header(), resp.Header)
			w.WriteHeader(resp.StatusCode)
			clear(w.Header())
		}
	}
}
