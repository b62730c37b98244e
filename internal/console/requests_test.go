package console

import (
	"bytes"
	"testing"

	"muster/internal/logs/view"
	"muster/internal/requests"
)

func TestARequestIsARowAndNoOrderToTheTerminal(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	out := Terminal{&b}
	r := requests.Request{Process: "broker-0", Route: "/x/*", Request: view.Request{
		ID: "a\x1b[2Jb", Method: "GET", Path: "/x\x1b]0;evil\a\n", Status: 502, Seconds: 1.5, UpstreamSeconds: []float64{0.1, 0.25}, Server: "broker"}}
	var sum requests.Summary
	sum.Add(r)
	out.RequestHead()
	out.Request(r)
	out.Requests(&sum)
	out.RequestRoutes(sum.Routes())
	want := `TIME          METHOD   STATUS   GATEWAY    SERVER  ANSWERED BY       PATH, ID
-             GET      502       1.50 s    250 ms  broker-0          /x\n  ab
· 1 requests, 1 of them 5xx; half took up to 1.50 s, 95 % up to 1.50 s
· slowest: GET /x\n, 1.50 s  ab
ROUTE  SERVER  REQUESTS  5XX  P50     P95     SLOWEST  ID
/x/*   broker  1         1    1.50 s  1.50 s  1.50 s   ab
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
