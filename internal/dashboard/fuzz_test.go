package dashboard

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"muster/internal/fuzztest"
	"muster/internal/local"
	"muster/internal/supervise"
)

// FuzzGuard tries that whatever a browser is made to send, only who has the link gets an
// answer of the API, and under a name of this machine alone.
func FuzzGuard(f *testing.F) {
	for _, head := range []string{
		"GET /api/status HTTP/1.1\r\nHost: localhost:8090\r\nAuthorization: Bearer wrong\r\n\r\n",
		"POST /api/act HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\nContent-Type: application/json\r\n\r\n",
		"GET //api/status HTTP/1.1\r\nHost: [::1]:8090\r\nSec-Fetch-Site: cross-site\r\n\r\n", "GET /%61pi/../api/x HTTP/1.1\r\nHost: LOCALHOST\r\nAuthorization: Bearer \r\n\r\n",
		"GET /api HTTP/1.0\r\n\r\n", "GET /?token=x HTTP/1.1\r\nHost: 127.0.0.1.\r\n\r\n",
	} {
		f.Add(head)
	}
	f.Fuzz(func(t *testing.T, head string) {
		fuzztest.Bound(t)
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
		if err != nil {
			return
		}
		reached := false
		mux := http.NewServeMux()
		mux.HandleFunc("/api/", func(http.ResponseWriter, *http.Request) { reached = true })
		w := httptest.NewRecorder()
		(&guard{host: "x.localhost", token: "the secret of this run", next: mux}).ServeHTTP(w, r)
		if reached {
			t.Errorf("%q reached the API", head)
		}
		host := strings.ToLower(r.Host)
		if w.Code == http.StatusOK && !strings.Contains(host, "localhost") && !strings.Contains(host, "127.0.0.1") && !strings.Contains(host, "::1") {
			t.Errorf("%q is taken for ours", r.Host)
		}
	})
}

// FuzzLines tries what a page asks for of the log.
func FuzzLines(f *testing.F) {
	f.Add("at=1-2-1-3&most=5&back=1&only=a,b&level=warn&grep=x|y&text=Z")
	f.Add("fraction=NaN&whole=1")
	f.Add("fraction=1&most=-1&probes=1")
	f.Add("time=9999-12-31T23:59:59Z&end=1&grep=%28")
	f.Add("end=1&most=999999999999999999999&level=%1b")
	dir := local.Of(f.TempDir())
	if err := dir.Make(); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(dir.Unified(), []byte(strings.Repeat("a-0                >> x\x1b[31m y\n", 30)), 0o600); err != nil {
		f.Fatal(err)
	}
	s := &server{client: &supervise.Client{Local: dir}}
	f.Fuzz(func(t *testing.T, query string) {
		fuzztest.Bound(t)
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		s.lines(w, httptest.NewRequest("GET", "/api/lines?"+q.Encode(), nil))
		if w.Code != http.StatusOK && w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%d for %q: %s", w.Code, query, w.Body)
		}
		if strings.Contains(w.Body.String(), "\x1b") {
			t.Errorf("%q", w.Body)
		}
	})
}
