package dashboard

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"muster/internal/fuzztest"
)

func TestRequestsAreRead(t *testing.T) {
	t.Parallel()
	r, ok := parseRequest([]byte(accessLine("2026-11-26T06:00:00.123+00:00", "/x?y=1", 200, 0.004)))
	if want := time.Date(2026, 11, 26, 6, 0, 0, 123e6, time.UTC); !ok || !r.Time.Equal(want) || r.Upstream != 0.003 || r.Server != "web" || r.Path != "/x?y=1" {
		t.Errorf("%+v", r)
	}
	for _, line := range []string{"", "{}", `127.0.0.1 "GET / HTTP/1.1" 200 1 0.0 -`, `{"time":"noon","path":"/","status":200}`} {
		if r, ok := parseRequest([]byte(line)); ok {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// accessLine is a line as the gateways write it.
func accessLine(at, path string, status int, seconds float64) string {
	return fmt.Sprintf(`{"time":%q,"id":"a-1","method":"GET","path":%q,"protocol":"HTTP/1.1","status":%d,"bytes":12,"seconds":%g,`+
		`"upstream_seconds":[0.001,0.002],"upstream":"127.0.0.1:1, 127.0.0.1:2","server":"web","host":"x","remote":"127.0.0.1","upgrade":""}`, at, path, status, seconds)
}

func TestPathsOfOneKindAreOneRoute(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/api/v1/orders/123?x=1": "/api/v1/orders/{}", "/": "/", "/health": "/health", "/orders/": "/orders/", "/v2/deadbeef01/x": "/v2/{}/x",
		"/u/123e4567-e89b-12d3-a456-426614174000": "/u/{}", "/feedface": "/feedface", "/api/v1/broker": "/api/v1/broker", "/" + strings.Repeat("z", 41): "/{}",
	} {
		if got := template(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestStatisticsAreThoseOfTheLastRequests(t *testing.T) {
	t.Parallel()
	tr := &traffic{servers: map[string]*live{}}
	now := time.Unix(1_800_000_000, 0)
	for i := range keptRequests + 500 { // the first 500 are forgotten
		r := request{Time: now.Add(-time.Second), Method: "GET", Path: fmt.Sprintf("/orders/%d", i), Status: 200, Seconds: float64(i-499) / 1000, Server: "web"}
		if i < 500 {
			r.Seconds = 1000
		}
		if i%100 == 99 {
			r.Status = 502
		}
		tr.add(r, true)
	}
	s := tr.statistics(now)
	if len(s.Routes) != 1 || s.Of != keptRequests || s.Total != keptRequests+500 {
		t.Fatalf("%+v", s)
	}
	r := s.Routes[0]
	if r.P50 != 1 || r.P95 != 1.9 || r.Most != 2 || r.Errors != 20 || r.Path != "/orders/{}" || s.Slowest[0].Seconds != 2 {
		t.Errorf("%+v, slowest %v", r, s.Slowest[0])
	}
	w := s.Servers["web"]
	if w.Counts[liveWindow-1] != keptRequests+500 || w.Errors[liveWindow-1] != 25 || w.Counts[0] != 0 {
		t.Errorf("%+v", w)
	}
	if s := tr.statistics(now.Add(2 * liveWindow * time.Second)); len(s.Servers) != 0 {
		t.Errorf("a minute later: %+v", s.Servers)
	}
	if len(tr.rows) != mostRows || tr.missed != keptRequests+500-mostRows {
		t.Errorf("%d rows, %d missed", len(tr.rows), tr.missed)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add(accessLine("2026-11-26T06:00:00Z", "/", 200, 0.1))
	f.Add(accessLine("2026-11-26T06:00:00Z", "\u202e", 502, 1e308))
	f.Fuzz(func(t *testing.T, line string) {
		fuzztest.Bound(t)
		r, ok := parseRequest([]byte(line))
		if !ok {
			return
		}
		if len(r.Path) > longestPath || !utf8.ValidString(r.Path) || r.Seconds < 0 || math.IsInf(r.Seconds, 0) || math.IsNaN(r.Seconds) {
			t.Errorf("%+v", r)
		}
		tr := &traffic{servers: map[string]*live{}}
		tr.add(r, true)
		if _, err := json.Marshal(tr.statistics(time.Now())); err != nil {
			t.Error(err)
		}
		if again := template(template(r.Path)); again != template(r.Path) {
			t.Errorf("%q: %q", r.Path, again)
		}
	})
}
