package view

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"muster/internal/fuzztest"
)

const (
	jsonRequest = `{"time":"2026-11-26T05:55:05.123+01:00","id":"0f3a","method":"POST","path":"/api/v1/x?q=\"a\\b\u0001","protocol":"HTTP/1.1","status":502,"bytes":15,"seconds":0.412,"upstream_seconds":[0.012, 0.400],"upstream":"127.0.0.1:8001, 127.0.0.1:8002","server":"broker","host":"localhost:8000","remote":"127.0.0.1","upgrade":""}`
	oldRequest  = `127.0.0.1 "POST /api/v1/x?q=\x22a\x5Cb\x01 HTTP/1.1" 502 15 0.412 127.0.0.1:8001, 127.0.0.1:8002`
)

func TestBothFormatsOfTheAccessLogAreRead(t *testing.T) {
	t.Parallel()
	r, ok := ParseRequest([]byte(jsonRequest))
	want := Request{ID: "0f3a", Method: "POST", Path: "/api/v1/x?q=\"a\\b\x01", Protocol: "HTTP/1.1", Status: 502, Bytes: 15, Seconds: 0.412,
		UpstreamSeconds: []float64{0.012, 0.4}, Upstream: "127.0.0.1:8001, 127.0.0.1:8002", Server: "broker", Host: "localhost:8000", Remote: "127.0.0.1"}
	if !ok || !r.Time.Equal(time.Date(2026, 11, 26, 4, 55, 5, 123e6, time.UTC)) {
		t.Errorf("%t %+v", ok, r)
	}
	r.Time = time.Time{}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("%+v, want\n%+v", r, want)
	}
	old, ok := ParseRequest([]byte(oldRequest))
	want.ID, want.Server, want.Host, want.UpstreamSeconds = "", "", "", nil
	if !ok || !reflect.DeepEqual(old, want) {
		t.Errorf("%+v, want\n%+v", old, want)
	}
	for line, want := range map[string]Request{
		`::1 "" 400 150 0.000 -`:       {Status: 400, Bytes: 150, Remote: "::1"},
		`::1 "GET /" 400 0 0.000 -`:    {Status: 400, Method: "GET", Path: "/", Remote: "::1"},
		`::1 "\x16\x03" 400 0 0.000 -`: {Status: 400, Method: "\x16\x03", Remote: "::1"},
	} {
		if r, ok := ParseRequest([]byte(line)); !ok || !reflect.DeepEqual(r, want) {
			t.Errorf("%s: %t %+v", line, ok, r)
		}
	}
	if r, ok := ParseRequest([]byte(strings.Replace(jsonRequest, `"status":502`, `"status":000`, 1))); !ok || r.Status != 0 {
		t.Errorf("a request that was never answered: %t %+v", ok, r)
	}
	if r, ok := ParseRequest([]byte(strings.Replace(jsonRequest, `"upstream_seconds":[0.012, 0.400]`, `"upstream_seconds":[]`, 1))); !ok || len(r.UpstreamSeconds) != 0 {
		t.Errorf("a request for nobody: %t %+v", ok, r)
	}
}

func TestOtherLinesAreNoRequests(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", "{", "{}", `{"time":"`, `{"time":"2026-11-26T05:55:05Z","level":"INFO","msg":"x"}`, jsonRequest[:len(jsonRequest)-1], jsonRequest + "}",
		strings.Replace(jsonRequest, `"status":502`, `"status":"502"`, 1), strings.Replace(jsonRequest, `0.412`, `NaN`, 1),
		strings.Replace(jsonRequest, `,"upgrade":""`, ``, 1), strings.Replace(jsonRequest, `"host":"localhost:8000"`, `"host":["a"]`, 1),
		strings.Replace(jsonRequest, "[0.012", "[-", 1), strings.Replace(jsonRequest, "0.400]", "0.400", 1),
		strings.Replace(jsonRequest, "2026-11", "2026-13", 1), `INFO:     127.0.0.1:4 - "GET / HTTP/1.1" 200 OK`,
	} {
		if r, ok := ParseRequest([]byte(line)); ok {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(jsonRequest))
	f.Add([]byte(oldRequest))
	f.Fuzz(func(t *testing.T, line []byte) {
		fuzztest.Bound(t)
		r, ok := ParseRequest(line)
		if !ok {
			return
		}
		if _, err := json.Marshal(r); err != nil && r.Time.Year() <= 9999 {
			t.Errorf("%q: %v", line, err)
		}
	})
}

func TestTheAccessLogIsShownAsTheLineThatPeopleKnow(t *testing.T) {
	t.Parallel()
	path := logFile(t, oldRequest+"\n", jsonRequest+"\n")
	if got, want := shown(t, path, Options{Lines: -1}), oldRequest+"\n"+oldRequest+" 0f3a\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got := shown(t, path, Options{Lines: 1, Terminal: true, Color: true})
	want := `127.0.0.1 "POST /api/v1/x?q=\x22a\x5Cb\x01 HTTP/1.1" ` + "\x1b[31m502\x1b[0m 15 \x1b[33m0.412\x1b[0m \x1b[2m127.0.0.1:8001, 127.0.0.1:8002\x1b[0m \x1b[2m0f3a\x1b[0m\n"
	if got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if got := shown(t, path, Options{Lines: -1, Grep: `HTTP/1.1" 502 15`, Level: Error}); strings.Count(got, "\n") != 2 {
		t.Errorf("found\n%s", got)
	}
	var line Line
	if err := json.Unmarshal([]byte(shown(t, path, Options{Lines: 1, JSON: true})), &line); err != nil ||
		line.Text != jsonRequest || line.Level != "error" || line.Time != "2026-11-26T05:55:05.123000+01:00" {
		t.Errorf("%v: %+v", err, line)
	}
}

func BenchmarkParseRequest(b *testing.B) {
	line := bytes.Replace([]byte(jsonRequest), []byte(`\"a\\b\u0001`), nil, 1)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, ok := ParseRequest(line); !ok {
			b.Fatal("no request")
		}
	}
}
