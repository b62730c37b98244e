package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A connection that the gateway has promised to keep is kept, also by a server
// that answers before it has read the body.
func TestAnEarlyAnswerLeavesTheConnectionUsable(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		var conn net.Conn
		var in *bufio.Reader
		for i := range 40 {
			if conn == nil {
				var err error
				if conn, err = net.Dial("tcp", b.addr); err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				in = bufio.NewReader(conn)
			}
			resp, err := b.postInTwo(conn, in)
			if err != nil || resp.StatusCode != 413 {
				t.Fatalf("request %d: %v %v", i, resp, err)
			}
			if resp.Close {
				conn = nil
			}
		}
	})
}

// postInTwo sends the head of a request and then its body, as most clients do,
// and reads the answer whole. Between the two a server gets the time to answer,
// if it is asked already.
func (b *bench) postInTwo(conn net.Conn, in *bufio.Reader) (*http.Response, error) {
	sent := b.sent()
	if _, err := io.WriteString(conn, "POST /api/v1/broker/refuse HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n"); err != nil {
		return nil, err
	}
	for begin := time.Now(); b.sent() == sent && time.Since(begin) < 20*time.Millisecond; {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Millisecond) // from its answer to ours
	if _, err := io.WriteString(conn, `{"a":1}`); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp, err
}

func TestARefusedUploadIsToldSo(t *testing.T) {
	t.Parallel()
	eachGateway(t, threeServers, three, func(t *testing.T, b *bench) {
		const size = 20 << 20
		for range 5 {
			for what, body := range map[string]io.Reader{
				"a length":  &io.LimitedReader{R: zeros{}, N: size},
				"no length": io.LimitReader(zeros{}, size),
			} {
				req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+b.addr+"/api/v1/broker/refuse", body)
				if err != nil {
					t.Fatal(err)
				}
				if what == "a length" {
					req.ContentLength = size
				}
				resp, err := b.client.Do(req)
				if err != nil {
					t.Fatalf("with %s: %v", what, err)
				}
				data, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != 413 || string(data) != "too much" {
					t.Errorf("with %s: %d %s %v", what, resp.StatusCode, data, err)
				}
				if !resp.Close {
					t.Errorf("with %s: the connection was promised to stay", what)
				}
			}
		}
	})
}

func TestEveryKindOfRouteTakesAnUpload(t *testing.T) {
	t.Parallel()
	text := threeServers + "frontend: {dir: ., command: [npm, run, dev], port: <page>}\nwebsocket: {routing_strategy: query_param, query_param_name: type}\n"
	eachGateway(t, text, append(three, "page"), func(t *testing.T, b *bench) {
		for uri, server := range map[string]string{
			"/api/v1/broker/x": "broker-0", "/api/v1/x": "core-0", "/api/v1/ws?type=datafeed": "datafeed-0", "/x": "page-0",
		} {
			for _, size := range []int{0, 1, 900_000, 2_000_000} {
				for _, accept := range []string{"*/*", "application/json, text/event-stream"} {
					e := b.echo(t, "POST", uri, strings.NewReader(strings.Repeat("x", size)), "Accept", accept)
					if e.Server != server || e.Bytes != int64(size) {
						t.Errorf("%s, %d bytes, %s: %d arrived at %s", uri, size, accept, e.Bytes, e.Server)
					}
					e = b.echo(t, "PUT", uri, io.LimitReader(zeros{}, int64(size)), "Accept", accept)
					if e.Server != server || e.Bytes != int64(size) {
						t.Errorf("%s, chunked, %d bytes, %s: %d arrived at %s", uri, size, accept, e.Bytes, e.Server)
					}
				}
			}
		}
	})
}

func TestUploadsOverHTTP2(t *testing.T) {
	t.Parallel()
	text := strings.Replace(threeServers, "PORT", "PORT, tls: true", 1)
	eachGateway(t, text, three, func(t *testing.T, b *bench) {
		b.client = trusting(t, b.c)
		for _, size := range []int64{0, 10, 2_000_000} {
			for range 2 {
				resp, err := b.client.Post(fmt.Sprintf("https://%s/api/v1/broker/x", b.addr), "", io.LimitReader(zeros{}, size))
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != 200 || resp.ProtoMajor != 2 {
					t.Errorf("%d bytes: %s over %s", size, resp.Status, resp.Proto)
				}
			}
		}
	})
}
