package builtin

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// accessLog is written once a second, as nginx's is.
type accessLog struct {
	mu     sync.Mutex
	out    *bufio.Writer
	line   []byte
	queued bool
}

func newAccessLog(out io.Writer) *accessLog {
	return &accessLog{out: bufio.NewWriterSize(out, 32<<10)}
}

func (l *accessLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queued = false
	_ = l.out.Flush()
}

// around writes a line for each request, in the format of nginx.conf.
func (l *accessLog) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin, uri := time.Now(), r.RequestURI // which a route may shorten for its server
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() { // an answer that broke off is one too
			if r.URL.Path != "/nginx-status" {
				l.write(r, uri, rec, time.Since(begin))
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

var quoted = strings.NewReplacer(`"`, `\x22`, `\`, `\x5C`)

func (l *accessLog) write(r *http.Request, uri string, rec *recorder, took time.Duration) {
	host := clientIP(r)
	if host == "" {
		host = "-"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := append(l.line[:0], host...)
	b = append(b, ` "`...)
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, quoted.Replace(uri)...)
	b = append(b, ' ')
	b = append(b, r.Proto...)
	b = append(b, `" `...)
	b = strconv.AppendInt(b, int64(rec.status), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, rec.bytes, 10)
	b = append(b, ' ')
	b = strconv.AppendFloat(b, took.Seconds(), 'f', 3, 64)
	b = append(b, ' ')
	if rec.upstreams == "" {
		b = append(b, '-')
	}
	b = append(b, rec.upstreams...)
	l.line = append(b, '\n')
	if len(l.line) > l.out.Available() {
		_ = l.out.Flush() // whole lines only
	}
	_, _ = l.out.Write(l.line)
	if !l.queued {
		l.queued = true
		time.AfterFunc(time.Second, l.flush)
	}
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64

	upstreams string // that were asked, as nginx writes them
}

// asked notes an instance that is asked.
func (r *recorder) asked(addr string) {
	if r.upstreams != "" {
		r.upstreams += ", "
	}
	r.upstreams += addr
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach Flush and Hijack.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
