package gateway_test

import (
	"bytes"
	"os"
	"testing"

	"muster/internal/gateway/contract"
)

func TestServersAndPagesHavePathsOfTheirOwn(t *testing.T) {
	t.Parallel()
	eachGateway(t, contract.Stack, []string{"core", "vote", "result", "deep", "hidden", "web", "admin"}, func(t *testing.T, b *bench) {
		large := bytes.Repeat([]byte("x"), 2_000_000)
		for name, body := range map[string][]byte{"small": []byte("x"), "large": large} {
			if e := b.echo(t, "POST", "/result/upload", bytes.NewReader(body)); e.URI != "/upload" || e.Bytes != int64(len(body)) {
				t.Errorf("%s: %s, %d bytes", name, e.URI, e.Bytes)
			}
		}
		if e := b.echo(t, "GET", "/result/e", nil, "Accept", "text/event-stream"); e.Server != "result-0" || e.URI != "/e" {
			t.Errorf("a stream: %+v", e)
		}
		// The beginning stands there as it is, or is not taken off at all.
		if resp, _ := b.do(t, "GET", "/%72esult/x", nil); resp.StatusCode != 400 {
			t.Errorf("an escaped beginning: %d", resp.StatusCode)
		}
		b.backends["result-0"].http.Close()
		resp, data := b.do(t, "GET", "/result/x", nil)
		b.wantError(t, resp, data, 502, "result", "the server result is down: no instance of it gave an answer")
		b.backends["admin-0"].http.Close()
		resp, data = b.do(t, "GET", "/admin/x", nil)
		b.wantError(t, resp, data, 502, "admin", "the server admin is down: no instance of it gave an answer")
	})
}

func TestStandInsServeWhereTheBeginningIsTakenOff(t *testing.T) {
	t.Parallel()
	text := "nginx: {port: PORT}\nservers: {web: {port: <web>, command: [x], paths: [{path: /a, strip: true}, /b]}}\n"
	eachLocalGateway(t, text, []string{"web"}, func(t *testing.T, b *bench) {
		if err := os.WriteFile(b.standIns(t, "web"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for uri, want := range map[string]string{"/a/x": "/x", "/b/x": "/b/x"} {
			waitFor(t, "the stand-in", func() bool { e := b.echo(t, "GET", uri, nil); return e.Server == "web-0.spare" && e.URI == want })
		}
	})
}
