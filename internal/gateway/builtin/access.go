package builtin

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// flushEvery is how long a line of the access log waits for others, as in nginx.conf.
const flushEvery = 20 * time.Millisecond

// accessLog has a line for each request, with the fields of nginx.conf.
type accessLog struct {
	mu     sync.Mutex
	out    *bufio.Writer
	line   []byte
	queued bool
	open   sync.WaitGroup // requests without their line
}

func newAccessLog(out io.Writer) *accessLog {
	return &accessLog{out: bufio.NewWriterSize(out, 64<<10)}
}

func (l *accessLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queued = false
	_ = l.out.Flush()
}

// end waits for the lines of what is under way, at most for patience, and writes all.
func (l *accessLog) end(patience time.Duration) {
	written := make(chan struct{})
	go func() {
		l.open.Wait()
		close(written)
	}()
	select {
	case <-written:
	case <-time.After(patience):
	}
	l.flush()
}

// around serves each request as an exchange, and writes its line when it has ended.
func (l *accessLog) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{ResponseWriter: w, begin: time.Now(), id: idOf(r), uri: requestURI(r)}
		r.Header[idHeader] = []string{x.id}
		l.open.Add(1)
		defer func() { // an answer that broke off is one too
			if r.URL.Path != "/nginx-status" {
				l.write(r, x)
			}
			l.open.Done()
		}()
		next.ServeHTTP(x, r)
	})
}

func (l *accessLog) write(r *http.Request, x *exchange) {
	now := time.Now()
	upgrade := ""
	if isWebSocket(r) {
		upgrade = "websocket"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := append(l.line[:0], `{"time":"`...)
	b = now.AppendFormat(b, "2006-01-02T15:04:05.000-07:00")
	text := func(key, value string) {
		b = append(append(append(b, `","`...), key...), `":"`...)
		b = appendJSON(b, value)
	}
	text("id", x.id)
	text("method", r.Method)
	text("path", x.uri)
	text("protocol", r.Proto)
	b = strconv.AppendInt(append(b, `","status":`...), int64(x.status), 10)
	b = strconv.AppendInt(append(b, `,"bytes":`...), x.bytes, 10)
	b = appendSeconds(append(b, `,"seconds":`...), now.Sub(x.begin))
	b = append(b, `,"upstream_seconds":[`...)
	for i, took := range x.took {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendSeconds(b, took)
	}
	b = appendJSON(append(b, `],"upstream":"`...), x.tried)
	text("server", x.server)
	text("host", r.Host)
	text("remote", clientIP(r))
	text("upgrade", upgrade)
	l.line = append(b, "\"}\n"...)
	if len(l.line) > l.out.Available() {
		_ = l.out.Flush() // whole lines only
	}
	_, _ = l.out.Write(l.line)
	if !l.queued {
		l.queued = true
		time.AfterFunc(flushEvery, l.flush)
	}
}

func appendSeconds(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, d.Seconds(), 'f', 3, 64)
}

// appendJSON appends what a string of JSON has between its quotes.
func appendJSON(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}

// exchange is a request with what becomes of it.
type exchange struct {
	http.ResponseWriter
	id    string
	uri   string // as it was asked for; a route may shorten it for its server
	begin time.Time

	status int // 0: there is no answer yet
	bytes  int64

	server string
	tried  string          // HOST:PORT of its instances, separated by a comma and a blank
	took   []time.Duration // by each of them
	since  time.Time       // the last one is tried
}

// trying begins a try of an instance.
func (x *exchange) trying(addr string) {
	if x.answered(); x.tried != "" {
		x.tried += ", "
	}
	x.tried += addr
	x.took, x.since = append(x.took, 0), time.Now()
}

// answered ends the last try, if there was one.
func (x *exchange) answered() {
	if n := len(x.took); n > 0 {
		x.took[n-1] = time.Since(x.since)
	}
}

func (x *exchange) WriteHeader(status int) {
	x.status = status
	x.Header()[idHeader] = []string{x.id} // whatever the server says
	x.ResponseWriter.WriteHeader(status)
}

func (x *exchange) Write(p []byte) (int, error) {
	if x.status < http.StatusOK {
		x.WriteHeader(http.StatusOK)
	}
	n, err := x.ResponseWriter.Write(p)
	x.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach Flush and Hijack.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// idHeader is the canonical form of X-Request-ID.
const idHeader = "X-Request-Id"

// idOf is a request's id: the client's, where it may stand in a log as it is, or else
// a new one.
func idOf(r *http.Request) string {
	if v := r.Header[idHeader]; len(v) == 1 && len(v[0]) <= 128 && v[0] != "" && strings.IndexFunc(v[0], outsideID) < 0 {
		return v[0]
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], rand.Uint64())
	binary.BigEndian.PutUint64(b[8:], rand.Uint64())
	return hex.EncodeToString(b[:])
}

// outsideID tells what nginx.conf lets into no id.
func outsideID(c rune) bool {
	return c >= utf8.RuneSelf || !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("._:@+/=-", c))
}
