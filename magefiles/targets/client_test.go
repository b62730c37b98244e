package targets_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coder/websocket"
)

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

// http [-d=BODY] [-id=REQUEST] [-n=TIMES] METHOD URL STATUS [PATH=VALUE]... makes a request
// and prints the body. The status and fields of the JSON in it must be these.
func httpClient() {
	body := flag.String("d", "", "JSON to send")
	id := flag.String("id", "", "of the request")
	times := flag.Int("n", 1, "repeat so often, each over a connection of its own")
	flag.Parse()
	args := flag.Args()
	if len(args) < 3 {
		fail("usage: http [-d=BODY] [-id=REQUEST] [-n=TIMES] METHOD URL STATUS [PATH=VALUE]...")
	}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}
	for range *times {
		request(client, *body, *id, args)
	}
}

// dial knows localhost and what is below it, which a machine may not.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if _, port, ok := strings.Cut(addr, ".localhost:"); ok {
		addr = "localhost:" + port
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, strings.Replace(addr, "localhost:", "127.0.0.1:", 1))
	if err != nil && strings.HasPrefix(addr, "localhost:") {
		return new(net.Dialer).DialContext(ctx, network, strings.Replace(addr, "localhost:", "[::1]:", 1))
	}
	return conn, err
}

func request(client *http.Client, body, id string, args []string) {
	req, err := http.NewRequest(args[0], args[1], strings.NewReader(body))
	if err != nil {
		fail("%v", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if id != "" {
		req.Header.Set("X-Request-ID", id)
	}
	resp, err := client.Do(req)
	if err != nil {
		fail("%v", err)
	}
	data, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	fmt.Printf("%s\n", data)
	if err != nil {
		fail("%v", err)
	}
	if fmt.Sprint(resp.StatusCode) != args[2] {
		fail("status %s, not %s", resp.Status, args[2])
	}
	if len(args) == 3 {
		return
	}
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		fail("%v", err)
	}
	for _, arg := range args[3:] {
		path, want, _ := strings.Cut(arg, "=")
		if got, err := field(doc, path); err != nil || want != "*" && got != want {
			fail("%s is %q, not %q (%v)", path, got, want, err)
		}
	}
}

// ws [-ready=FILE] [-until=FILE] URL MESSAGE TYPE... sends a message, and
// receives messages of these types in this order, which it prints. It then
// makes the file ready, and keeps the connection, on which messages must go on
// coming, until the other file is there.
func wsClient() {
	ready := flag.String("ready", "", "file to make once all messages have come")
	until := flag.String("until", "", "file to wait for")
	flag.Parse()
	args := flag.Args()
	if len(args) < 3 {
		fail("usage: ws [-ready=FILE] [-until=FILE] URL MESSAGE TYPE...")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, args[0], nil)
	if err != nil {
		if resp != nil {
			fail("status %s: %v", resp.Status, err)
		}
		fail("%v", err)
	}
	defer conn.CloseNow()
	if err := conn.Write(ctx, websocket.MessageText, []byte(args[1])); err != nil {
		fail("%v", err)
	}
	for _, want := range args[2:] {
		if got := receive(ctx, conn); got != want {
			fail("a message of type %q, not %q", got, want)
		}
	}
	if *ready != "" {
		if err := os.WriteFile(*ready, nil, 0o644); err != nil {
			fail("%v", err)
		}
	}
	for *until != "" {
		if _, err := os.Stat(*until); err == nil {
			receive(ctx, conn) // it still lives
			break
		}
		receive(ctx, conn)
	}
	conn.Close(websocket.StatusNormalClosure, "")
}

// receive prints a message and tells its type.
func receive(ctx context.Context, conn *websocket.Conn) string {
	_, data, err := conn.Read(ctx)
	if err != nil {
		fail("%v", err)
	}
	fmt.Printf("%s\n", data)
	var m struct{ Type string }
	if err := json.Unmarshal(data, &m); err != nil {
		fail("%v", err)
	}
	return m.Type
}
