// Package ask is for tests only: it sends the requests of the contract.
package ask

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"muster/internal/gateway/contract"
)

// Nowhere is what a gateway says where no server answers a path.
const Nowhere = `{"error":{"status":404,"server":null,"message":"no server answers this path"}}` + "\n"

// patience is how long an answer may take.
const patience = 10 * time.Second

// Request sends one to the gateway at addr, HOST:PORT, and tells what is not as it should
// be. name is what the server that gets it says of itself: of a request as JSON, in
// server, beside the uri that it got; of a WebSocket as the first message.
func Request(ctx context.Context, client *http.Client, addr string, r contract.Request, name string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if r.Socket && r.Server != "" {
		got, err := Socket(ctx, addr, r.URI)
		if err == nil && got != name {
			err = fmt.Errorf("the WebSocket %s went to %s, want %s", r.URI, got, name)
		}
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+r.URI, nil)
	if err != nil {
		return err
	}
	if r.Socket {
		req.Header.Set("Connection", "Upgrade")
		req.Header.Set("Upgrade", "websocket")
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s: %w", r.URI, err)
	}
	status := cmp.Or(r.Status, http.StatusOK)
	if resp.StatusCode != status || status == http.StatusNotFound && string(data) != Nowhere {
		return fmt.Errorf("%s: %d %s, want %d", r.URI, resp.StatusCode, data, status)
	}
	if r.Server == "" {
		return nil
	}
	var e struct{ Server, URI string }
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("%s: %w: %s", r.URI, err, data)
	}
	if uri := cmp.Or(r.Arrives, r.URI); e.Server != name || e.URI != uri {
		return fmt.Errorf("%s went to %s as %s, want %s as %s", r.URI, e.Server, e.URI, name, uri)
	}
	return nil
}

// Socket is the first message of a WebSocket.
func Socket(ctx context.Context, addr, uri string) (string, error) {
	c, resp, err := websocket.Dial(ctx, "ws://"+addr+uri, nil)
	if err != nil {
		var body []byte
		if resp != nil && resp.Body != nil {
			var e error
			body, e = io.ReadAll(resp.Body)
			err = errors.Join(err, e)
		}
		return "", fmt.Errorf("%s: %w %s", uri, err, body)
	}
	defer c.CloseNow()
	_, message, err := c.Read(ctx)
	if err != nil {
		return "", fmt.Errorf("%s: %w", uri, err)
	}
	return string(message), nil
}
