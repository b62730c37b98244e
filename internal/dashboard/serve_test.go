package dashboard

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/internal/logs/view"
)

// ask sends a request of the page itself, which changes may spoil.
func (p *fixture) ask(method, path, body string, spoil func(*http.Request)) (int, http.Header, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	r.Header.Set("Origin", p.url)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if spoil != nil {
		spoil(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, res.Header, string(b)
}

func TestOnlyThePageItselfIsAnswered(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.longLog(10, time.Now().Add(-time.Hour))
	p.serve()
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.Host = name; r.Header.Del("Origin") }
	}
	const lines = "/api/lines?end=1&back=1"
	for _, test := range []struct {
		what, method, path, body string
		spoil                    func(*http.Request)
		want                     int
	}{
		{"the page's own", "GET", lines, "", nil, 200},
		{"of a program", "GET", lines, "", func(r *http.Request) { r.Header.Del("Origin"); r.Header.Del("Sec-Fetch-Site") }, 200},
		{"the page", "GET", "/", "", set("Authorization", ""), 200},
		{"the page, by a link elsewhere", "GET", "/", "", func(r *http.Request) {
			r.Header = http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}
		}, 200},
		{"by localhost", "GET", lines, "", host("localhost:1"), 200},
		{"by IPv6", "GET", lines, "", host("[::1]:1"), 200},

		{"no token", "GET", lines, "", set("Authorization", ""), 401},
		{"another token", "GET", lines, "", set("Authorization", "Bearer "+p.token+"x"), 401},
		{"a token that is not behind Bearer", "GET", lines, "", set("Authorization", p.token), 401},
		{"a token in a cookie", "GET", lines, "", func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Set("Cookie", "token="+p.token) }, 401},
		{"a token in the address", "GET", lines + "&token=" + p.token, "", set("Authorization", ""), 401},
		{"an act without a token", "POST", "/api/act", `{"do":"stop"}`, set("Authorization", ""), 401},
		{"a stream without a token", "GET", "/api/stream", "", set("Authorization", ""), 401},
		{"another name that leads here", "GET", lines, "", host("evil.test:80"), 421},
		{"a name that ends as ours", "GET", lines, "", host("evil.localhost.test"), 421},
		{"a name below localhost that is not this checkout's", "GET", "/", "", host("other.localhost"), 421},
		{"another origin", "GET", lines, "", set("Origin", "http://127.0.0.1:1"), 403},
		{"no origin, as of a sandboxed frame", "POST", "/api/act", `{"do":"stop"}`, set("Origin", "null"), 403},
		{"HTTPS of the same name", "GET", lines, "", set("Origin", "https"+strings.TrimPrefix(p.url, "http")), 403},
		{"another port of this host", "GET", lines, "", set("Sec-Fetch-Site", "same-site"), 403},
		{"in a frame", "GET", "/", "", func(r *http.Request) {
			r.Header = http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}}
		}, 403},
		{"before a request of another origin", "OPTIONS", "/api/act", "", nil, 405},
		{"another method", "PUT", "/api/act", `{}`, nil, 405},
		{"an act that is asked for by reading", "GET", "/api/act", "", nil, 404},
		{"what a form can send", "POST", "/api/act", `{"do":"stop"}`, set("Content-Type", "text/plain"), 400},
		{"half an act", "POST", "/api/act", `{"do":`, nil, 400},
		{"too much of an act", "POST", "/api/act", `{"do":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 400},
		{"what is outside of the page's folder", "GET", "/../serve.go", "", nil, 404},
	} {
		t.Run(test.what, func(t *testing.T) {
			status, h, body := p.ask(test.method, test.path, test.body, test.spoil)
			if status != test.want && (test.want != 404 || status != 405) {
				t.Errorf("%d %q, want %d", status, body, test.want)
			}
			for name, want := range map[string]string{
				"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
				"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			} {
				if !strings.Contains(h.Get(name), want) {
					t.Errorf("%s: %q", name, h.Get(name))
				}
			}
			if h.Get("Set-Cookie") != "" || h.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%v", h)
			}
		})
	}
}

func TestLinesAreFoundAtAnyPlace(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	from := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	p.longLog(3600, from)
	p.serve()
	span := func(query string) (s view.Span) {
		t.Helper()
		status, _, body := p.ask("GET", "/api/lines?"+query, "", nil)
		if err := json.Unmarshal([]byte(body), &s); err != nil || status != 200 {
			t.Fatalf("%s: %d %s", query, status, body)
		}
		return s
	}
	numbers := func(s view.Span) (all []int) {
		for _, l := range s.Lines {
			var level string
			var n int
			fmt.Sscanf(l.Text, "[%s line %d", &level, &n)
			all = append(all, n)
		}
		return all
	}
	for _, test := range []struct {
		query string
		want  []int
	}{
		{"most=3", []int{0, 1, 2}},
		{"end=1&back=1&most=3", []int{3597, 3598, 3599}},
		{"most=2&time=" + from.Add(1000*time.Second).UTC().Format(time.RFC3339), []int{1000, 1001}},
		{"most=3&only=echo", []int{1, 3, 5}},
		{"most=3&level=warn", []int{3, 4, 11}},
		{"most=2&level=error&end=1&back=1", []int{3587, 3595}},
		{"most=4&grep=line+1.0+", []int{100, 110, 120, 130}},
		{"grep=line+nowhere", nil},
	} {
		if got := numbers(span(test.query)); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.query, got, test.want)
		}
	}
	if s := span("most=1&fraction=0.5"); numbers(s)[0] < 1790 || numbers(s)[0] > 1810 {
		t.Errorf("in the middle is %v", numbers(s))
	}
	// All lines come once, in both directions, however few at a time.
	for _, back := range []string{"", "&back=1"} {
		for _, filter := range []string{"", "&only=web", "&level=error"} {
			var all []int
			s := span("most=700&end=" + strings.TrimPrefix(back, "&back=") + back + filter)
			for {
				if back != "" {
					all = append(numbers(s), all...)
				} else {
					all = append(all, numbers(s)...)
				}
				if back != "" && s.First || back == "" && s.Last {
					break
				}
				at := s.Next
				if back != "" {
					at = s.Prev
				}
				s = span("most=700&at=" + at + back + filter)
			}
			want := map[string]int{"": 3600, "&only=web": 1800, "&level=error": 450}[filter]
			if len(all) != want || !slices.IsSorted(all) || len(slices.Compact(all)) != want {
				t.Errorf("%s%s: %d lines, want %d", back, filter, len(all), want)
			}
		}
	}
	for _, wrong := range []string{"grep=(", "level=loud", "at=x", "time=noon", "fraction=2", "fraction=NaN", "grep=" + strings.Repeat("x", 2000)} {
		if status, _, body := p.ask("GET", "/api/lines?"+wrong, "", nil); status != 422 || !strings.Contains(body, "error") {
			t.Errorf("%s: %d %s", wrong, status, body)
		}
	}
}

// TestNothingIsDoneWhileNobodyLooks, and all is told to whoever does.
func TestNothingIsDoneWhileNobodyLooks(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.start()
	p.serve()
	look := func() {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), "GET", p.url+"/api/stream", nil)
		r.Header.Set("Authorization", "Bearer "+p.token)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		missing := map[string]bool{"status": true, "project": true, "usage": true, "events": true, "requests": true}
		for in := bufio.NewScanner(res.Body); len(missing) > 0; {
			if !in.Scan() {
				t.Fatalf("the stream ended without %v: %v", missing, in.Err())
			}
			var f map[string]json.RawMessage
			if err := json.Unmarshal(in.Bytes(), &f); err != nil {
				t.Fatal(err)
			}
			for kind := range f {
				delete(missing, kind)
			}
		}
	}
	look()
	look()
	idle := func() bool {
		p.server.hub.mu.Lock()
		defer p.server.hub.mu.Unlock()
		if p.server.hub.end != nil {
			return false
		}
		select {
		case <-p.server.hub.done:
			return true
		default:
			return false
		}
	}
	for end := time.Now().Add(10 * time.Second); !idle(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it goes on looking")
		}
	}
}

func TestThePageIsSmall(t *testing.T) {
	t.Parallel()
	files, err := web.ReadDir("web")
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, f := range files {
		b, err := web.ReadFile("web/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if size += len(b); strings.Contains(string(b), "innerHTML") || strings.Contains(string(b), "insertAdjacentHTML") {
			t.Errorf("%s makes markup of text", f.Name())
		}
	}
	if size > 150_000 {
		t.Errorf("the page has %d bytes", size)
	}
}
