package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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

type startGateway = func(testing.TB, *config.Config) *running

// localKinds are the gateways of this machine.
func localKinds() map[string]startGateway {
	return map[string]startGateway{"nginx": startNginx, "builtin": startBuiltin}
}

// kinds are the gateways that the conformance test runs against.
func kinds() map[string]startGateway {
	return map[string]startGateway{"nginx": startNginx, "builtin": startBuiltin, exported: startExported}
}

// exported is the nginx of an export.
const exported = "exported"

// startExported has the file of an nginx in a container, with the names of the servers
// filled in, as the DNS server of the containers would: this nginx may be too old to ask
// one by itself.
func startExported(t testing.TB, c *config.Config) *running {
	t.Helper()
	b, d := realNginx(t, c), c.Local()
	resolver := filepath.Join(c.Dir, "resolver.conf")
	if err := os.WriteFile(resolver, fmt.Appendf(nil, gateway.ResolverDirective, "127.0.0.11"), 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := gateway.Generate(c, gateway.Options{Binary: b, User: gateway.User(), Container: &gateway.Container{
		Resolver: resolver, Dir: filepath.Join(string(d), "tmp"), AccessLog: d.Log("nginx-access"),
		Certificate: d.Certificate(), Key: d.CertificateKey(), Extra: filepath.Join(c.Dir, c.Nginx.Extra),
	}})
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, s := range c.Servers {
		var all strings.Builder
		for i := range s.Instances {
			fmt.Fprintf(&all, "server 127.0.0.1:%d%s;\n", s.Port+i, gateway.Patience)
		}
		name := "server " + net.JoinHostPort(s.Name, strconv.Itoa(s.Port)) + gateway.ResolvedPeer + ";"
		if strings.Count(text, name) != 1 {
			t.Fatalf("%q is not once in\n%s", name, text)
		}
		text = strings.Replace(text, name, all.String(), 1)
	}
	for _, f := range c.Frontends {
		text = strings.Replace(text, net.JoinHostPort(f.Name, strconv.Itoa(f.Port))+gateway.ResolvedPeer, "127.0.0.1:"+strconv.Itoa(f.Port), 1)
	}
	if c.Nginx.Host != "0.0.0.0" { // a test is not on the network
		text = strings.ReplaceAll(text, "listen 0.0.0.0:", "listen 127.0.0.1:")
	}
	if err := gateway.Prepare(c); err != nil {
		t.Fatal(err)
	}
	if _, err := gateway.Write(d.NginxConf(), []byte(text)); err != nil {
		t.Fatal(err)
	}
	return start(t, c, exec.Command(b.Path, b.Args(c, d.NginxConf())[1:]...))
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
