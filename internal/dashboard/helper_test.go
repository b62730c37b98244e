package dashboard

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"muster/internal/config"
	"muster/internal/local"
	"muster/internal/logs/follow"
	"muster/internal/proc"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// The test binary is the supervisor, the builtin gateway and the processes too.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // or every process of a test lingers for a second
	supervise.Resident()
	stack.ServeBuiltin()
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case "server":
			fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Args[2], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/fails" {
					w.WriteHeader(http.StatusInternalServerError)
				}
			})))
			os.Exit(1)
		case "echo": // what comes in the pipe is logged
			f, err := os.OpenFile(os.Args[2], os.O_RDWR, 0)
			for in := bufio.NewScanner(f); err == nil && in.Scan(); {
				fmt.Println(in.Text())
			}
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// fixture is a project that runs, and its dashboard. Nothing of it is left when the test ends.
type fixture struct {
	t      testing.TB
	dir    string
	client *supervise.Client
	server *server
	url    string
	token  string
	port   int // of the gateway
}

const token = "a-secret-of-this-run-only-for-tests"

// newFixture has a server behind the gateway, a worker that logs what comes in its pipe,
// and a task.
func newFixture(t testing.TB) *fixture {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &fixture{t: t, dir: t.TempDir(), token: token, port: freePort(t)}
	p.client = &supervise.Client{Local: local.Of(p.dir), Exe: exe}
	if err := unix.Mkfifo(p.pipe(), 0o600); err != nil {
		t.Fatal(err)
	}
	p.write("dev-config.yaml", fmt.Sprintf(`api_base_url: /api
gateway: builtin
nginx: {port: %d}
servers:
  web: {port: %d, command: [%q, server, "{port}"], paths: [/]}
workers:
  echo: {command: [%q, echo, %q]}
  broken: {command: ["false"], restart: never, profiles: [broken]}
tasks:
  once: {command: ["true"]}
`, p.port, freePort(t), exe, exe, p.pipe()))
	return p
}

func (p *fixture) pipe() string { return filepath.Join(p.dir, "pipe") }

func (p *fixture) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *fixture) load() (*config.Config, error) {
	cfg, err := config.Load(filepath.Join(p.dir, "dev-config.yaml"))
	if err == nil {
		err = cfg.Select(nil, func(string) bool { return false })
	}
	return cfg, err
}

// start starts all that is configured.
func (p *fixture) start() {
	p.t.Helper()
	cfg, err := p.load()
	if err != nil {
		p.t.Fatal(err)
	}
	prepared, err := stack.Prepare(p.t.Context(), cfg, &teller{})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := stack.Stop(context.Background(), p.client); err != nil {
			p.t.Errorf("stop: %v", err)
		}
	})
	if _, err := p.client.Start(p.t.Context(), *prepared.Plan, supervise.StartOptions{}); err != nil {
		p.t.Fatal(err)
	}
}

// serve serves the dashboard.
func (p *fixture) serve() {
	p.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	p.url = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	p.server = newServer(p.client, p.load)
	done := make(chan error, 1)
	go func() { done <- p.server.serve(ctx, l, "", p.token) }()
	p.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			p.t.Error(err)
		}
	})
}

// freePort is one that no other test has. Each package has ports of its own.
func freePort(t testing.TB) int {
	t.Helper()
	const lowest, highest = 2_000, 7_900
	for {
		port := lowest + int(nextPort.Add(1)+firstPort)%(highest-lowest)
		if proc.TryPort("127.0.0.1", port) == nil {
			return port
		}
	}
}

var (
	firstPort = rand.Uint32N(5_900)
	nextPort  atomic.Uint32
)

// longLog writes the unified log of a day that was: so many lines, evenly over an hour
// from a time on, and the index of when they were written.
func (p *fixture) longLog(lines int, from time.Time) {
	p.t.Helper()
	if err := p.client.Local.Make(); err != nil {
		p.t.Fatal(err)
	}
	path := p.client.Local.Unified()
	f, err := os.Create(path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	index := binary.LittleEndian.AppendUint64(nil, 0x78646e6974736d31)
	inode, _, err := follow.Stat(path)
	if err != nil {
		p.t.Fatal(err)
	}
	index = binary.LittleEndian.AppendUint64(index, inode.Ino)
	levels := []string{"INFO", "INFO", "DEBUG", "ERROR", "WARN", "INFO", "INFO", "INFO"}
	var off, second int64 = 0, -1
	for i := range lines {
		at := int64(i) * 3600 / int64(lines)
		if at != second {
			second = at
			index = binary.LittleEndian.AppendUint64(index, uint64(from.Add(time.Duration(at)*time.Second).UnixMilli()))
			index = binary.LittleEndian.AppendUint64(index, uint64(off))
		}
		n, _ := fmt.Fprintf(out, "%-18s>> [%s] line %d of many, as long as the lines of a server are on most days\n",
			[]string{"web-0", "echo-0"}[i%2], levels[i%len(levels)], i)
		off += int64(n)
	}
	if err := out.Flush(); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path+".idx", index, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
