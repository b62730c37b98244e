package gateway_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// dial opens a WebSocket and returns the name that the backend gave.
func (b *bench) dial(t testing.TB, uri string) (*websocket.Conn, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, resp, err := websocket.Dial(ctx, "ws://"+b.addr+uri, nil)
	if err != nil {
		body := ""
		if resp != nil && resp.Body != nil {
			data, _ := io.ReadAll(resp.Body)
			body = string(data)
		}
		t.Fatalf("%s: %v %s", uri, err, body)
	}
	t.Cleanup(func() { c.CloseNow() })
	c.SetReadLimit(64 << 20)
	_, name, err := c.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return c, string(name)
}

// A location of the user's own need not say what a WebSocket takes.
func TestAWebSocketPassesALocationOfNginxExtra(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", "PORT, extra: extra.conf", 1)
	if _, server := newBench(t, text, three, startNginx).dial(t, "/own/ws"); server != "broker-0" {
		t.Errorf("it is at %s", server)
	}
}

func TestWebSocketsByPath(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		for uri, want := range map[string]string{
			"/api/v1/broker/ws":        "broker-0",
			"/api/v1/datafeed/ws?x=1":  "datafeed-0",
			"/api/v1/broker/elsewhere": "broker-0",
			"/api/v1/other":            "core-0",
		} {
			c, name := b.dial(t, uri)
			if name != want {
				t.Errorf("%s went to %s, want %s", uri, name, want)
			}
			large := bytes.Repeat([]byte("muster"), 200_000)
			for _, message := range [][]byte{[]byte("one"), large, []byte("two")} {
				if err := c.Write(t.Context(), websocket.MessageBinary, message); err != nil {
					t.Fatal(err)
				}
				kind, got, err := c.Read(t.Context())
				if err != nil || kind != websocket.MessageBinary || !bytes.Equal(got, message) {
					t.Fatalf("%s: %d bytes came back as %d (%v)", uri, len(message), len(got), err)
				}
			}
			if err := c.Write(t.Context(), websocket.MessageText, []byte("close")); err != nil {
				t.Fatal(err)
			}
			if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != 4321 {
				t.Errorf("%s: closed with %v, want the server's own status", uri, err)
			}
		}
	})
}

func TestAWebSocketToNowhereIsToldTheModules(t *testing.T) {
	t.Parallel()
	text := threeServers + "websocket: {routing_strategy: query_param, query_param_name: type}\n"
	eachGateway(t, text, three, func(t *testing.T, b *bench) {
		for _, uri := range []string{"/api/v1/ws", "/api/v1/ws?type=", "/api/v1/ws?type=nonsense", "/api/v1/ws?xtype=broker"} {
			resp, data := b.do(t, "GET", uri, nil, "Connection", "Upgrade", "Upgrade", "websocket")
			b.wantError(t, resp, data, 400, "", "the query parameter type must be one of: broker, datafeed")
		}
	})
}
