//go:build ignore

// How far one machine goes: many servers, many WebSockets, much log.
//
//	make -f project.mk binary
//	go run docs/scaling.go -servers=300 -sockets=10000 -log=60s
//
// It is its own server: everything runs in a folder that is removed again, on ports that
// muster chooses. The sockets need twice as many descriptors: see `ulimit -n`.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

var (
	muster  = flag.String("muster", ".local/bin/muster", "the binary")
	servers = flag.Int("servers", 300, "that are started")
	sockets = flag.Int("sockets", 10_000, "that are open at once, through the gateway")
	logFor  = flag.Duration("log", 60*time.Second, "for which 1 GB a minute is written")
	role    = flag.String("role", "", "of a process of this program's own: serve, write")
)

func main() {
	flag.Parse()
	switch *role {
	case "serve":
		log.Fatal(serve())
	case "write":
		write(*logFor)
		return
	}
	if err := measure(); err != nil {
		log.Fatal(err)
	}
}

// serve answers every request, and sends back what a WebSocket sends.
func serve() error {
	return http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			kind, data, err := c.Read(context.Background())
			if err != nil || c.Write(context.Background(), kind, data) != nil {
				return
			}
		}
	}))
}

// write writes lines of 100 bytes, 1 GB a minute.
func write(d time.Duration) {
	const line, tick = 100, 10 * time.Millisecond
	lines := bytes.Repeat([]byte(strings.Repeat("x", line-1)+"\n"), int(1e9/60/line*tick.Seconds()))
	end := time.Now().Add(d)
	for next := time.Now(); next.Before(end); next = next.Add(tick) {
		time.Sleep(time.Until(next))
		os.Stdout.Write(lines)
	}
	fmt.Println("all is written")
	select {}
}

// project is one that runs.
type project struct{ dir, binary string }

func measure() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	binary, err := filepath.Abs(*muster)
	if err != nil {
		return err
	}
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("load before: %s", load)
	var text strings.Builder
	text.WriteString("ports: auto\nservers:\n")
	for i := range *servers {
		fmt.Fprintf(&text, "  s%d: {command: [%q, -role=serve], paths: [/s%d]}\n", i, self, i)
	}
	err = run(binary, text.String(), func(p project) error {
		return p.tell("%d servers", *servers)
	})
	if err != nil {
		return err
	}
	text.Reset()
	fmt.Fprintf(&text, "ports: auto\nnginx: {worker_processes: 2, worker_connections: %d}\nservers: {s: {instances: 4, command: [%q, -role=serve], paths: [/]}}\n", 2**sockets+1000, self)
	err = run(binary, text.String(), func(p project) error { return p.sockets(*sockets) })
	if err != nil {
		return err
	}
	text.Reset()
	fmt.Fprintf(&text, "workers: {w: {command: [%q, -role=write, -log=%s]}}\n", self, *logFor)
	return run(binary, text.String(), func(p project) error { return p.logs(*logFor) })
}

// run starts a project, does something with it and ends it.
func run(binary, config string, do func(project) error) (err error) {
	dir, err := os.MkdirTemp("", "scaling-")
	if err != nil {
		return err
	}
	p := project{dir, binary}
	defer func() { err = errors.Join(err, p.muster(io.Discard, "dev:kill"), os.RemoveAll(dir)) }()
	if err := os.WriteFile(filepath.Join(dir, "dev-config.yaml"), []byte(config), 0o600); err != nil {
		return err
	}
	began := time.Now()
	if err := p.muster(io.Discard, "backend:start"); err != nil {
		return err
	}
	fmt.Printf("all healthy: %.1f s\n", time.Since(began).Seconds())
	return do(p)
}

func (p project) muster(out io.Writer, args ...string) error {
	cmd := exec.Command(p.binary, args...)
	var said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, out, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", args, err, said.Bytes())
	}
	return nil
}

func (p project) status() (s struct {
	Supervisor struct{ PID int }
	Processes  []struct {
		Name, URL string
		PID       int
	}
}, err error) {
	var out bytes.Buffer
	if err = p.muster(&out, "backend:status", "-json"); err == nil {
		err = json.Unmarshal(out.Bytes(), &s)
	}
	return s, err
}

// tell shows what the supervisor costs a second later, at rest.
func (p project) tell(format string, args ...any) error {
	s, err := p.status()
	if err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	before := cpu(s.Supervisor.PID)
	time.Sleep(10 * time.Second)
	fmt.Printf(format+": the supervisor has %.1f MB, and %.1f %% of a processor\n",
		append(args, float64(memory(s.Supervisor.PID))/1e6, (cpu(s.Supervisor.PID)-before)*10)...)
	return nil
}

// memory is the proportional set size, in bytes.
func memory(pid int) (bytes int) {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "Pss:" {
			n, _ := strconv.Atoi(f[1])
			bytes = n * 1024
		}
	}
	return bytes
}

// cpu is what a process has used, in seconds.
func cpu(pid int) float64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(data), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return float64(user+system) / 100
}

// sockets opens many, and has each send a message there and back.
func (p project) sockets(n int) error {
	s, err := p.status()
	if err != nil {
		return err
	}
	url, nginx := "", 0
	for _, proc := range s.Processes {
		if proc.Name == "nginx" {
			url, nginx = "ws"+strings.TrimPrefix(proc.URL, "http"), proc.PID
		}
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "ws://"), ":")
	url = "ws://127.0.0.1:" + port + "/ws"
	began := time.Now()
	var all []*websocket.Conn
	var mu sync.Mutex
	var failed atomic.Int64
	each(n, func(int) {
		c, _, err := websocket.Dial(context.Background(), url, nil)
		if err != nil {
			failed.Add(1)
			return
		}
		mu.Lock()
		all = append(all, c)
		mu.Unlock()
	})
	opened := time.Since(began)
	began = time.Now()
	each(len(all), func(i int) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		message := []byte(strconv.Itoa(i))
		if err := all[i].Write(ctx, websocket.MessageText, message); err != nil {
			failed.Add(1)
		} else if _, got, err := all[i].Read(ctx); err != nil || !bytes.Equal(got, message) {
			failed.Add(1)
		}
	})
	fmt.Printf("%d WebSockets: open after %.1f s, a message there and back by each in %.1f s, %d failed; nginx (its master and workers) %.0f MB\n",
		len(all), opened.Seconds(), time.Since(began).Seconds(), failed.Load(), float64(family(nginx))/1e6)
	for _, c := range all {
		c.CloseNow()
	}
	return p.tell("behind them")
}

// each does something n times, 64 at once.
func each(n int, do func(int)) {
	var wait sync.WaitGroup
	next := atomic.Int64{}
	for range 64 {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}

// family is the memory of a process and its children.
func family(pid int) int {
	bytes := memory(pid)
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for child := range strings.FieldsSeq(string(data)) {
		n, _ := strconv.Atoi(child)
		bytes += memory(n)
	}
	return bytes
}

// logs waits until the writer has written all, and counts its lines in both logs.
func (p project) logs(d time.Duration) error {
	s, err := p.status()
	if err != nil {
		return err
	}
	before := cpu(s.Supervisor.PID)
	began := time.Now()
	log := filepath.Join(p.dir, ".local", "logs", "backend-unified.log")
	for !ends(log, "all is written") {
		if time.Since(began) > d+time.Minute {
			return errors.New("the last line does not come")
		}
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Printf("1 GB of log a minute, for %s: the unified log has its last line after %.1f s; the supervisor %.1f %% of a processor, %.1f MB\n",
		d, time.Since(began).Seconds(), (cpu(s.Supervisor.PID)-before)/time.Since(began).Seconds()*100, float64(memory(s.Supervisor.PID))/1e6)
	return nil
}

func ends(file, with string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	f.Seek(-1000, io.SeekEnd)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.Contains(lines.Text(), with) {
			return true
		}
	}
	return false
}
