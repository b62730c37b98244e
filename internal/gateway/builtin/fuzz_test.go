package builtin

import (
	"bufio"
	"bytes"
	"encoding/json"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"muster/internal/fuzztest"
	"muster/internal/gateway"
	"muster/internal/logs/view"
)

// FuzzSettings tries that a file which is damaged is an error that names it, and that what
// is taken answers requests.
func FuzzSettings(f *testing.F) {
	text, err := json.Marshal(settings{Listen: "127.0.0.1:8000", Port: 8000, Hosts: []string{"x"}, Routes: []gateway.Route{{}}, Balance: map[string]string{"a": "ip_hash"}, ReadTimeout: time.Second})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, "/a?b=c")
	f.Add([]byte(`{"routes":[{"prefix":"/","server":"a"}],"read_timeout":-1}`), "/")
	f.Add([]byte(`{"routes":null} x`), "*")
	f.Fuzz(func(t *testing.T, text []byte, path string) {
		fuzztest.Bound(t)
		file := filepath.Join(t.TempDir(), "gateway.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := readSettings(file)
		if err != nil {
			if !strings.Contains(err.Error(), file) {
				t.Error(err)
			}
			return
		}
		if strings.Contains(string(text), `"upstreams"`) || strings.ContainsAny(string(text), "0123456789") && len(s.Routes) > 0 {
			s.Routes = nil // nobody is asked that may be there
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")))
		if err != nil {
			return
		}
		r.RemoteAddr = "127.0.0.1:9"
		newProxy(s, log.New(new(bytes.Buffer), "", 0)).ServeHTTP(&exchange{ResponseWriter: httptest.NewRecorder()}, r)
	})
}

// FuzzHead tries that whatever a client sends, a server gets one request of the same
// method and path, and the access log one line that says the same.
func FuzzHead(f *testing.F) {
	f.Add([]byte("GET /a?b=%22c HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\r\nConnection: x-a, close\r\nX-A: b\r\nX-Request-ID: r-1\r\n\r\n"))
	f.Add([]byte("POST http://y/\xff\"\\ HTTP/1.0\r\nTransfer-Encoding: chunked\r\nExpect: 200-ok\r\n\r\n0\r\n\r\n"))
	f.Add([]byte("OPTIONS * HTTP/1.1\r\nHost: \x7f\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n\r\n"))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nA: b\x1b\r\n\r\nhello"))
	f.Fuzz(func(t *testing.T, in []byte) {
		fuzztest.Bound(t)
		in = bytes.Clone(in)
		expectNothing(in)
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(in)))
		if err != nil || strings.HasPrefix(r.Method, "PRI") || r.Method == http.MethodConnect || r.URL.Opaque != "" { // which no server gets
			return
		}
		r.RemoteAddr = "127.0.0.1:9"
		r.Header[idHeader] = []string{idOf(r)}
		var b bytes.Buffer
		out := bufio.NewWriter(&b)
		writeHead(out, r)
		out.Flush()
		head, rest, _ := bytes.Cut(b.Bytes(), []byte("\r\n\r\n"))
		if len(rest) > 0 {
			t.Errorf("two heads: %q", b.Bytes())
		}
		if n := bytes.Count(head, []byte("\n")); n != bytes.Count(head, []byte("\r\n")) {
			t.Errorf("a line end of another kind: %q", head)
		}
		got, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b.Bytes())))
		if err != nil || got.Method != r.Method || got.RequestURI != requestURI(r) {
			t.Errorf("%q becomes %q: %v", in, b.Bytes(), err)
		}
		b.Reset()
		l := newAccessLog(&b)
		l.write(r, &exchange{begin: time.Now(), id: idOf(r), uri: requestURI(r), status: 200, tried: "127.0.0.1:1", took: []time.Duration{time.Millisecond}})
		l.flush()
		line := b.Bytes()
		logged, ok := view.ParseRequest(bytes.TrimSuffix(line, []byte("\n")))
		if !ok || bytes.Count(line, []byte("\n")) != 1 || logged.Status != 200 || logged.Upstream != "127.0.0.1:1" || logged.Method != r.Method ||
			utf8.ValidString(requestURI(r)) && logged.Path != requestURI(r) {
			t.Errorf("%q is logged as %q", in, line)
		}
	})
}
