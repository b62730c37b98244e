package requests

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/internal/config"
	"muster/internal/hint"
	"muster/internal/logs/view"
	"muster/internal/plan"
)

const file = `
api_base_url: /api/v1
nginx: {port: 8000}
servers:
  broker: {port: 8001, instances: 2, modules: [broker], command: [x]}
  core: {port: 8010, command: [x]}
websocket: {routing_strategy: query_param, query_param_name: type}
`

func table(t testing.TB) *Table {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dev-config.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return NewTable(c, []plan.Process{{Name: "moved-0", Port: 9001}})
}

var begin = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// line is of a request that ended so many seconds after the first.
func line(n int, path string, status int, seconds float64, upstream, server string) string {
	took := ""
	if upstream != "" {
		took = fmt.Sprintf("%.3f", seconds/2)
	}
	return fmt.Sprintf(`{"time":"%s","id":"id-%d","method":"GET","path":"%s","protocol":"HTTP/1.1","status":%d,"bytes":1,"seconds":%.3f,"upstream_seconds":[%s],"upstream":"%s","server":"%s","host":"h","remote":"127.0.0.1","upgrade":""}`+"\n",
		begin.Add(time.Duration(n)*time.Second).Format("2006-01-02T15:04:05.000Z07:00"), n, path, status, seconds, took, upstream, server)
}

func logOf(t testing.TB, lines ...string) Log {
	t.Helper()
	l := Log{filepath.Join(t.TempDir(), "nginx-access.log"), table(t)}
	if err := os.WriteFile(l.Path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestARequestIsTracedToItsRouteAndProcess(t *testing.T) {
	t.Parallel()
	tab := table(t)
	for line, want := range map[string][3]string{
		line(0, "/api/v1/broker/orders?x=1", 200, 0, "127.0.0.1:8002", "broker"):            {"/api/v1/broker/*", "broker-1", "broker"},
		line(0, "/api/v1/broker", 200, 0, "127.0.0.1:8001, 127.0.0.1:8002", "broker"):       {"/api/v1/broker", "broker-1", "broker"},
		line(0, "/api/v1/ws?type=broker", 101, 0, "127.0.0.1:8001", "broker"):               {"/api/v1/ws?type=broker", "broker-0", "broker"},
		line(0, "/api/v1/broker", 200, 0, "127.0.0.1:9001", "broker"):                       {"/api/v1/broker", "moved-0", "broker"},
		line(0, "/elsewhere", 404, 0, "", ""):                                               {"", "", ""},
		line(0, "", 400, 0, "", ""):                                                         {"", "", ""},
		"127.0.0.1 \"GET /api/v1/../v1//broker/%41 HTTP/1.1\" 200 1 0.003 127.0.0.1:8001\n": {"/api/v1/broker/*", "broker-0", "broker"},
		"127.0.0.1 \"GET /api/v1/x HTTP/1.1\" 200 1 0.003 -\n":                              {"/api/v1/*", "", "core"},
	} {
		r, ok := tab.Parse([]byte(strings.TrimSuffix(line, "\n")))
		if got := [3]string{r.Route, r.Process, r.Server}; !ok || got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	if r, ok := NewTable(nil, nil).Parse([]byte(strings.TrimSuffix(line(0, "/x", 200, 0, "127.0.0.1:8001", "a"), "\n"))); !ok || r.Server != "a" || r.Route != "" {
		t.Errorf("without a configuration: %+v", r)
	}
}

func ids(all []Request) (list []string) {
	for _, r := range all {
		list = append(list, strings.TrimPrefix(r.ID, "id-"))
	}
	return list
}

func TestFilters(t *testing.T) {
	t.Parallel()
	l := logOf(t,
		"127.0.0.1 \"GET /api/v1/old HTTP/1.1\" 200 1 0.003 127.0.0.1:8010\n", "no request\n",
		line(1, "/api/v1/broker/a", 200, 0.1, "127.0.0.1:8001", "broker"), line(2, "/api/v1/broker/b", 500, 0.2, "127.0.0.1:8002", "broker"),
		line(3, "/api/v1/x", 502, 0.3, "127.0.0.1:8010", "core"), line(4, "/nowhere", 404, 0, "", ""))
	for _, c := range []struct {
		f    Filter
		want []string
	}{
		{Filter{}, []string{"", "1", "2", "3", "4"}},
		{Filter{Only: []string{"broker"}}, []string{"1", "2"}},
		{Filter{Only: []string{"broker-1", "core"}}, []string{"", "2", "3"}},
		{Filter{Status: "5xx"}, []string{"2", "3"}},
		{Filter{Status: "502"}, []string{"3"}},
		{Filter{Slower: 200 * time.Millisecond}, []string{"2", "3"}},
		{Filter{Since: begin.Add(3 * time.Second)}, []string{"3", "4"}},
		{Filter{ID: "id-1"}, []string{"1"}},
		{Filter{Path: regexp.MustCompile("^/api/v1/broker")}, []string{"1", "2"}},
	} {
		p, err := l.Read(t.Context(), c.f, view.Cursor{}, 10)
		if got := ids(p.Requests); err != nil || !slices.Equal(got, c.want) || c.f.Check() != nil || p.More {
			t.Errorf("%+v: %q (%v), want %q", c.f, got, err, c.want)
		}
	}
	for _, status := range []string{"5x", "600", "abc", "5xxx", "05"} {
		if (Filter{Status: status}).Check() == nil {
			t.Errorf("%q is taken", status)
		}
	}
}

func TestPagesGoOnWhereTheLastEnded(t *testing.T) {
	t.Parallel()
	l := logOf(t)
	add := func(from, to int) {
		t.Helper()
		f, err := os.OpenFile(l.Path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for i := from; i < to; i++ {
			fmt.Fprint(f, line(i, "/api/v1/x", 200+i%2*300, 0, "", ""))
		}
	}
	add(0, 10)
	failed := Filter{Status: "5xx"}
	p, err := l.Read(t.Context(), failed, view.Cursor{}, 2)
	if got := ids(p.Requests); err != nil || !slices.Equal(got, []string{"7", "9"}) || p.More {
		t.Errorf("%q %t %v", got, p.More, err)
	}
	add(10, 20)
	for _, want := range []struct {
		ids  []string
		more bool
	}{{[]string{"11", "13", "15"}, true}, {[]string{"17", "19"}, false}, {nil, false}} {
		if p, err = l.Read(t.Context(), failed, p.Next, 3); err != nil || !slices.Equal(ids(p.Requests), want.ids) || p.More != want.more || p.Lost {
			t.Errorf("%q %t %t %v, want %+v", ids(p.Requests), p.More, p.Lost, err, want)
		}
	}
	if err := os.Remove(l.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(t.Context(), failed, p.Next, 3); err != nil && hint.Of(err) == "" {
		t.Error(err)
	}
	if _, err := l.Read(t.Context(), failed, view.Cursor{}, 3); err == nil || hint.Of(err) == "" {
		t.Errorf("of no log: %v", err)
	}
}

func TestRoutesHaveQuantiles(t *testing.T) {
	t.Parallel()
	tab := table(t)
	var s Summary
	add := func(text string) {
		r, ok := tab.Parse([]byte(strings.TrimSuffix(text, "\n")))
		if !ok {
			t.Fatal(text)
		}
		s.Add(r)
	}
	for i := 1; i <= 100; i++ {
		add(line(i, "/api/v1/broker/x", 200, float64(i)/1000, "127.0.0.1:8001", "broker"))
	}
	add(line(101, "/api/v1/ws?type=broker", 101, 3600, "127.0.0.1:8001", "broker"))
	add(line(102, "/api/v1/x", 503, 12.3456, "127.0.0.1:8010", "core"))
	add(line(103, "/nowhere", 404, 0, "", ""))
	var got []string
	for _, r := range s.Routes() {
		got = append(got, fmt.Sprint(r.Route, " ", r.Server, " ", r.Requests, " ", r.Errors, " ", r.P50, " ", r.P95, " ", r.Slowest.ID))
	}
	want := []string{
		"/api/v1/* core 1 1 12.34 12.34 id-102", "/api/v1/broker/* broker 100 0 0.05 0.095 id-100",
		"  1 0 0 0 id-103", "/api/v1/ws?type=broker broker 1 0 0 0 ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if total := s.Total(); total.Requests != 103 || total.Errors != 1 || total.P50 != 0.05 || total.Slowest.ID != "id-102" {
		t.Errorf("%+v", total)
	}
}

func BenchmarkReadTheLastOfAMillion(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "nginx-access.log"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := strings.Repeat(line(1, "/api/v1/broker/a", 200, 0.1, "127.0.0.1:8001", "broker"), 1000)
	for range 1000 {
		fmt.Fprint(f, block)
	}
	l := Log{f.Name(), table(b)}
	for b.Loop() {
		if p, err := l.Read(b.Context(), Filter{}, view.Cursor{}, 100); err != nil || len(p.Requests) != 100 {
			b.Fatal(len(p.Requests), err)
		}
	}
}
