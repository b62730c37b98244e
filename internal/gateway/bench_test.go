package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/internal/gateway"
)

// BenchmarkGateway compares the generated file with the best one that we could
// write by hand for the same routes, with and without an access log, with what a plain generator writes (no
// keep-alive, HTTP/1.0 to the servers), with the builtin gateway, and with calling the server directly:
//
//	go test ./internal/gateway -run '^$' -bench Gateway -benchtime 5x
//
// Each iteration is a round of a second for each, in turn, so that a busy
// machine is busy for all of them; the medians are reported. The upstream is
// another nginx with a fixed answer.
func BenchmarkGateway(b *testing.B) {
	port := portRange(b, 8)
	upstream := fmt.Sprintf("127.0.0.1:%d", port)
	c := load(b, fmt.Sprintf("api_base_url: /api/v1\nnginx: {port: %d}\nservers:\n  broker: {port: %d, modules: [broker]}\n"+
		"  datafeed: {port: %d, modules: [datafeed]}\n  core: {port: %d}\n", port+1, port, port+4, port+5))
	dir := c.Dir
	startPlain(b, dir, "upstream", fmt.Sprintf(`keepalive_requests 100000000; access_log off;
server { listen %s backlog=4096; location / { default_type application/json; return 200 '{"status":"ok","orders":[1,2,3,4,5,6,7,8,9,10]}'; } }`, upstream))
	startNginx(b, c)
	c2 := load(b, fmt.Sprintf("api_base_url: /api/v1\nnginx: {port: %d}\nservers:\n  broker: {port: %d, modules: [broker]}\n", port+7, port))
	startBuiltin(b, c2)
	startPlain(b, dir, "hand", jsonLog+requestIDs+fmt.Sprintf(handTuned, upstream, port+4, port+5, port+2))
	startPlain(b, dir, "silent", "access_log off;"+fmt.Sprintf(handTuned, upstream, port+4, port+5, port+6))
	startPlain(b, dir, "plain", fmt.Sprintf(plain, upstream, port+4, port+5, port+3))

	type target struct {
		name, addr string
		rate, p99  []float64
	}
	targets := []*target{
		{name: "direct", addr: upstream},
		{name: "generated", addr: fmt.Sprintf("127.0.0.1:%d", port+1)},
		{name: "hand", addr: fmt.Sprintf("127.0.0.1:%d", port+2)},
		{name: "hand-no-log", addr: fmt.Sprintf("127.0.0.1:%d", port+6)},
		{name: "plain", addr: fmt.Sprintf("127.0.0.1:%d", port+3)},
		{name: "builtin", addr: fmt.Sprintf("127.0.0.1:%d", port+7)},
	}
	for i := 0; b.Loop(); i++ {
		for _, t := range targets {
			rate, p99 := measure(b, t.addr, time.Second)
			t.rate, t.p99 = append(t.rate, rate), append(t.p99, p99)
		}
		slices.Reverse(targets)
	}
	median := map[string]float64{}
	for _, t := range targets {
		slices.Sort(t.rate)
		slices.Sort(t.p99)
		median[t.name] = t.rate[len(t.rate)/2]
		b.ReportMetric(median[t.name], t.name+"-req/s")
		b.ReportMetric(t.p99[len(t.p99)/2], t.name+"-p99-ms")
	}
	b.ReportMetric(median["generated"]/median["hand"], "generated/hand")
	b.ReportMetric(median["generated"]/median["hand-no-log"], "generated/hand-no-log")
	b.ReportMetric(median["generated"]/median["plain"], "generated/plain")
	b.ReportMetric(median["builtin"]/median["generated"], "builtin/generated")
	b.ReportMetric(0, "ns/op")
}

// What a request's id and the JSON log take, whoever writes the file.
const requestIDs = `map $http_x_request_id $id { "" $request_id; "~^[A-Za-z0-9._:@+/=-]{1,128}$" $http_x_request_id; default $request_id; }
proxy_set_header X-Request-ID $id; proxy_hide_header X-Request-ID; add_header X-Request-ID $id always;
`
const jsonLog = `map "$time_iso8601$msec" $time { "~^(?<day>.{19})(?<zone>.{6}).{10}(?<ms>.{4})$" $day$ms$zone; default $time_iso8601; }
log_format own escape=json '{"time":"$time","id":"$id","method":"$request_method","path":"$request_uri","protocol":"$server_protocol","status":$status,'
'"bytes":$body_bytes_sent,"seconds":$request_time,"upstream_seconds":[$upstream_response_time],"upstream":"$upstream_addr","server":"$proxy_host",'
'"host":"$http_host","remote":"$remote_addr","upgrade":"$http_upgrade"}';
access_log logs/hand.log own buffer=64k flush=20ms;
`

const handTuned = `server_tokens off; tcp_nodelay on; request_pool_size 8k;
keepalive_requests 100000;
map $http_upgrade $upgrade { default upgrade; '' ''; }
upstream broker { server %s; keepalive 64; keepalive_requests 100000; }
upstream datafeed { server 127.0.0.1:%d; keepalive 64; keepalive_requests 100000; }
upstream core { server 127.0.0.1:%d; keepalive 64; keepalive_requests 100000; }
proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off; client_max_body_size 0;
proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $upgrade; proxy_set_header Host $http_host;
proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Port $server_port;
server { listen 127.0.0.1:%d backlog=4096;
  location /api/v1/broker/ { proxy_pass http://broker; }
  location /api/v1/datafeed/ { proxy_pass http://datafeed; }
  location = /api/v1/broker/ws { proxy_read_timeout 1h; proxy_pass http://broker; }
  location = /api/v1/datafeed/ws { proxy_read_timeout 1h; proxy_pass http://datafeed; }
  location / { proxy_pass http://core; }
}`

const plain = `access_log logs/plain.log;
upstream broker { server %s; }
upstream datafeed { server 127.0.0.1:%d; }
upstream core { server 127.0.0.1:%d; }
server { listen 127.0.0.1:%d;
  location /api/v1/broker/ { proxy_pass http://broker; proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme; }
  location /api/v1/datafeed/ { proxy_pass http://datafeed; }
  location / { proxy_pass http://core; }
}`

// startPlain runs an nginx with the given http block below dir.
func startPlain(b *testing.B, dir, name, http string) {
	b.Helper()
	root := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Join(root, "logs"), 0o777); err != nil {
		b.Fatal(err)
	}
	user := ""
	if u := gateway.User(); u != "" {
		user = "user " + u + ";"
	}
	text := user + "worker_processes 1; daemon off; pid nginx.pid; error_log stderr crit;\nevents { worker_connections 4096; }\nhttp {\n" +
		"client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n" + http + "\n}\n"
	conf := filepath.Join(root, "nginx.conf")
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(realNginx(b, load(b, designFile)).Path, "-p", root+"/", "-c", conf)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	_, addr, _ := strings.Cut(http, "listen ")
	addr = strings.TrimRight(strings.Fields(addr)[0], ";")
	waitFor(b, name, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// measure asks over 32 connections for that long, with wrk where it is
// installed: it takes less of the machine than Go does. It returns requests a
// second and the 99th percentile in milliseconds.
func measure(b *testing.B, addr string, d time.Duration) (rate, p99 float64) {
	b.Helper()
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		return load32(b, addr, d)
	}
	out, err := exec.Command(wrk, "-t1", "-c32", "-d"+d.String(), "--latency", "http://"+addr+"/api/v1/broker/orders").Output()
	if err != nil || bytes.Contains(out, []byte("Non-2xx")) || bytes.Contains(out, []byte("Socket errors")) {
		b.Fatalf("wrk: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		switch f := strings.Fields(line); {
		case len(f) == 2 && f[0] == "Requests/sec:":
			rate, err = strconv.ParseFloat(f[1], 64)
		case len(f) == 2 && f[0] == "99%":
			var took time.Duration
			took, err = time.ParseDuration(f[1])
			p99 = float64(took.Microseconds()) / 1000
		}
	}
	if err != nil || rate == 0 {
		b.Fatalf("wrk: %v\n%s", err, out)
	}
	return rate, p99
}

// load32 is measure without wrk.
func load32(b *testing.B, addr string, d time.Duration) (rate, p99 float64) {
	b.Helper()
	request := []byte("GET /api/v1/broker/orders HTTP/1.1\r\nHost: " + addr + "\r\n\r\n")
	ctx, cancel := context.WithTimeout(b.Context(), d)
	defer cancel()
	var mu sync.Mutex
	var all []time.Duration
	var wg sync.WaitGroup
	begin := time.Now()
	for range 32 {
		wg.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			var took []time.Duration
			for ctx.Err() == nil {
				start := time.Now()
				_, err := conn.Write(request)
				if err == nil {
					err = readAnswer(in)
				}
				if err != nil {
					b.Error(err)
					return
				}
				took = append(took, time.Since(start))
			}
			mu.Lock()
			all = append(all, took...)
			mu.Unlock()
		})
	}
	wg.Wait()
	took := time.Since(begin)
	if len(all) == 0 {
		b.Fatal("no request succeeded")
	}
	slices.Sort(all)
	return float64(len(all)) / took.Seconds(), float64(all[len(all)*99/100].Microseconds()) / 1000
}

// readAnswer reads a response with a length and the status 200.
func readAnswer(in *bufio.Reader) error {
	length := 0
	for n := 0; ; n++ {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if n == 0 && !bytes.Contains(line, []byte(" 200 ")) {
			return fmt.Errorf("answered %q", line)
		}
		if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(v))); err != nil {
				return err
			}
		}
		if len(line) == 2 {
			break
		}
	}
	_, err := in.Discard(length)
	return err
}
