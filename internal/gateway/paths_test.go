package gateway_test

import (
	"bytes"
	"os"
	"testing"
)

// stack has servers with paths of their own, one that is not at the gateway, and two
// pages.
const stack = `
api_base_url: /api/v1
nginx: {port: PORT}
servers:
  core: {port: <core>}
  vote: {port: <vote>, command: [x], paths: [/vote, /vote/v1.0/deep]}
  result: {port: <result>, command: [x], paths: [{path: /result, strip: true}, /socket.io]}
  deep: {port: <deep>, command: [x], paths: [/result/deep]}
  hidden: {port: <hidden>, command: [x], modules: [hidden], expose: false}
frontends:
  web: {dir: ., port: <web>}
  admin: {dir: ., port: <admin>, path: /admin}
`

func TestServersAndPagesHavePathsOfTheirOwn(t *testing.T) {
	t.Parallel()
	eachGateway(t, stack, []string{"core", "vote", "result", "deep", "hidden", "web", "admin"}, func(t *testing.T, b *bench) {
		for uri, want := range map[string][2]string{
			"/vote":                       {"vote-0", "/vote"},
			"/vote/x?a=1":                 {"vote-0", "/vote/x?a=1"},
			"/voters":                     {"web-0", "/voters"},
			"/vote/v1.0/deep/x":           {"vote-0", "/vote/v1.0/deep/x"},
			"/result":                     {"result-0", "/"},
			"/result/":                    {"result-0", "/"},
			"/result?x=1":                 {"result-0", "/?x=1"},
			"/result/a%20b%2Fc/?q=%2F&q=": {"result-0", "/a%20b%2Fc/?q=%2F&q="},
			"/result/result/x":            {"result-0", "/result/x"},
			"/result/deep/x":              {"deep-0", "/result/deep/x"},
			"/socket.io/?EIO=4":           {"result-0", "/socket.io/?EIO=4"},
			"/api/v1/hidden/x":            {"core-0", "/api/v1/hidden/x"},
			"/api/v1/x":                   {"core-0", "/api/v1/x"},
			"/admin":                      {"admin-0", "/admin"},
			"/admin/src/main.ts":          {"admin-0", "/admin/src/main.ts"},
			"/administer":                 {"web-0", "/administer"},
			"/":                           {"web-0", "/"},
		} {
			if e := b.echo(t, "GET", uri, nil); e.Server != want[0] || e.URI != want[1] {
				t.Errorf("%s went to %s as %s, want %s as %s", uri, e.Server, e.URI, want[0], want[1])
			}
		}
		large := bytes.Repeat([]byte("x"), 2_000_000)
		for name, body := range map[string][]byte{"small": []byte("x"), "large": large} {
			if e := b.echo(t, "POST", "/result/upload", bytes.NewReader(body)); e.URI != "/upload" || e.Bytes != int64(len(body)) {
				t.Errorf("%s: %s, %d bytes", name, e.URI, e.Bytes)
			}
		}
		if e := b.echo(t, "GET", "/result/e", nil, "Accept", "text/event-stream"); e.Server != "result-0" || e.URI != "/e" {
			t.Errorf("a stream: %+v", e)
		}
		for uri, want := range map[string]string{"/result/ws": "result-0", "/socket.io/ws": "result-0", "/vote/ws": "vote-0", "/admin/ws": "admin-0"} {
			if _, name := b.dial(t, uri); name != want {
				t.Errorf("the WebSocket %s is at %s, want %s", uri, name, want)
			}
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
