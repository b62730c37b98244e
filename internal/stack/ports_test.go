package stack

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/plan"
	"muster/internal/proc"
	"muster/internal/supervise"
)

func loadOwn(t *testing.T, dir string) (*config.Config, *supervise.Client) {
	t.Helper()
	file := filepath.Join(dir, "dev-config.yaml")
	text := "ports: auto\nnginx: {}\nservers: {a: {app: x:a}, b: {app: x:a}}\nfrontend: {dir: ., command: [sh]}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return cfg, &supervise.Client{Local: cfg.Local(), Exe: os.Args[0]}
}

func TestWhatProcessesAreToldFollowsTheirPorts(t *testing.T) {
	for _, name := range []string{"BACKEND_PORT", "FRONTEND_PORT", "VITE_API_URL", "FRONTEND_URL"} {
		t.Setenv(name, "")
	}
	dir := filepath.Join(t.TempDir(), "Shop")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, multi := range []bool{true, false} {
		cfg, client := loadOwn(t, dir)
		gate, page := strconv.Itoa(cfg.Nginx.Port), strconv.Itoa(cfg.Page().Port)
		st, err := New(cfg, client, multi, &heard{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.Build(st.cfg, plan.Tools{Python: "python3", Gateway: &plan.Command{}})
		if err != nil {
			t.Fatal(err)
		}
		if got := Entry(p); got != "http://shop.localhost:"+gate {
			t.Errorf("multi %t: reached at %s", multi, got)
		}
		for _, proc := range p.Processes {
			want := []string{"MUSTER_URL=http://shop.localhost:" + gate}
			switch proc.Kind {
			case plan.Gateway:
				continue
			case plan.Server:
				want = append(want, "FRONTEND_URL=http://shop.localhost:"+page)
			case plan.Frontend:
				want = append(want, "FRONTEND_PORT="+page, "PORT="+page)
				if !slices.ContainsFunc(proc.Env, func(v string) bool {
					return strings.HasPrefix(v, "VITE_API_URL=") && strings.HasSuffix(v, ":"+gate)
				}) {
					t.Errorf("multi %t: %v", multi, proc.Env)
				}
			}
			for _, v := range want {
				if !slices.Contains(proc.Env, v) {
					t.Errorf("multi %t: %s lacks %s: %v", multi, proc.Name, v, proc.Env)
				}
			}
		}
	}
}

// TestPortsThatAnotherHasByNowAreReplacedForGood, whether it is a program on one of
// them or another checkout, and the next start has the same again.
func TestPortsThatAnotherHasByNowAreReplacedForGood(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	take := func() (*config.Config, []string) {
		t.Helper()
		cfg, c := loadOwn(t, dir)
		said := &heard{}
		if err := TakePorts(t.Context(), c, cfg, said); err != nil {
			t.Fatal(err)
		}
		closeAll(c.Claims)
		return cfg, said.take()
	}
	first, said := take()
	if len(said) > 0 {
		t.Errorf("at the first start: %q", said)
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(first.Nginx.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	second, said := take()
	if second.Block == first.Block || len(said) != 1 || !strings.Contains(said[0], fmt.Sprintf("port %d of nginx is taken by ", first.Nginx.Port)) {
		t.Errorf("%+v, then %+v: %q", first.Block, second.Block, said)
	}
	claim, err := proc.ReservePort(second.Block.Claims()[0])
	if err != nil {
		t.Fatal(err)
	}
	third, said := take()
	claim.Close()
	if third.Block == second.Block || len(said) != 1 || !strings.Contains(said[0], "another checkout has the ports of this one") {
		t.Errorf("%+v, then %+v: %q", second.Block, third.Block, said)
	}
	if again, said := take(); again.Block != third.Block || len(said) > 0 {
		t.Errorf("%+v, then %+v: %q", third.Block, again.Block, said)
	}
}
