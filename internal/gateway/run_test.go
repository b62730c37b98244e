package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/gateway/builtin"
)

// builtinArg makes the test binary a builtin gateway.
const builtinArg = "MUSTER_TEST_BUILTIN"

func TestMain(m *testing.M) {
	if file := os.Getenv(builtinArg); file != "" {
		if err := builtin.Serve(context.Background(), file, os.Stderr); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// running is a gateway that serves.
type running struct {
	addr string
	cmd  *exec.Cmd
	out  *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// kinds are the gateways that the conformance test runs against.
func kinds() map[string]func(testing.TB, *config.Config) *running {
	return map[string]func(testing.TB, *config.Config) *running{"nginx": startNginx, "builtin": startBuiltin}
}

func startNginx(t testing.TB, c *config.Config) *running {
	t.Helper()
	b := realNginx(t, c)
	generated(t, c, gateway.Options{Binary: b})
	return start(t, c, exec.Command(b.Path, b.Args(c, c.Local().NginxConf())[1:]...))
}

// startBuiltin has the timeouts of the extra file that the tests give nginx.
func startBuiltin(t testing.TB, c *config.Config) *running {
	t.Helper()
	data, err := builtin.Config(c)
	if err != nil {
		t.Fatal(err)
	}
	if c.Nginx.Extra != "" {
		var settings map[string]any
		if err := json.Unmarshal(data, &settings); err != nil {
			t.Fatal(err)
		}
		settings["read_timeout"] = time.Second
		data, _ = json.Marshal(settings)
	}
	if err := gateway.Prepare(c); err != nil {
		t.Fatal(err)
	}
	if _, err := gateway.Write(c.Local().BuiltinConf(), data); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), builtinArg+"="+c.Local().BuiltinConf())
	return start(t, c, cmd)
}

func start(t testing.TB, c *config.Config, cmd *exec.Cmd) *running {
	t.Helper()
	r := &running{addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Nginx.Port)), cmd: cmd, out: &lockedBuffer{}}
	cmd.Stdout, cmd.Stderr = r.out, r.out
	cmd.Dir = c.Dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
			t.Errorf("the gateway did not end on SIGTERM")
		}
		if t.Failed() {
			t.Logf("gateway's output:\n%s", r.out.String())
			if log, err := os.ReadFile(filepath.Join(c.Dir, ".local/logs/nginx-error.log")); err == nil {
				t.Logf("error log:\n%s", log)
			}
		}
	})
	waitFor(t, "the gateway to listen", func() bool {
		select {
		case <-ended:
			t.Fatalf("the gateway ended: %s", r.out.String())
		default:
		}
		conn, err := net.Dial("tcp", r.addr)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return r
}

func TestABrokenFileOfRoutesChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, threeServers, three, startBuiltin)
	if _, err := gateway.Write(b.c.Local().BuiltinConf(), []byte(`{"routes": [`)); err != nil {
		t.Fatal(err)
	}
	if err := b.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a message", func() bool { return strings.Contains(b.out.String(), "going on with the old routes") })
	b.echo(t, "GET", "/api/v1/broker/x", nil)
}
