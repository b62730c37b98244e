package builtin

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// logAccess writes a line for each request, in the format of nginx.conf.
func logAccess(out io.Writer, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		if r.URL.Path == "/nginx-status" {
			return
		}
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = "-"
		}
		uri := strings.NewReplacer(`"`, `\x22`, `\`, `\x5C`).Replace(r.RequestURI)
		fmt.Fprintf(out, "%s \"%s %s %s\" %d %d %.3f -\n",
			host, r.Method, uri, r.Proto, rec.status, rec.bytes, time.Since(begin).Seconds())
	})
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
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
