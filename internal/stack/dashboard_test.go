package stack

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/plan"
)

func TestTheDashboardStaysAtItsPort(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	cfg := pr.configure("web")
	choose := func() int {
		t.Helper()
		port, hold, err := dashboardPort(cfg, plan.Plan{})
		if err != nil {
			t.Fatal(err)
		}
		if hold != nil {
			hold.Close()
		}
		return port
	}
	first := choose()
	if first < firstDashboard || choose() != first {
		t.Fatalf("it moves from %d", first)
	}
	// Somebody else has it by now.
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(first))
	if err != nil {
		t.Fatal(err)
	}
	other := choose()
	l.Close()
	if other == first || choose() != other {
		t.Errorf("from %d, which is taken, to %d and %d", first, other, choose())
	}
	// It has it itself.
	l, err = net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(other))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	running := plan.Plan{Processes: []plan.Process{{Name: DashboardName, Port: other}}}
	if port, _, err := dashboardPort(cfg, running); err != nil || port != other {
		t.Errorf("%d %v, and it runs at %d", port, err, other)
	}
	cfg.Dashboard = config.Dashboard{Port: 7999}
	if choose() != 7999 {
		t.Error("the configuration's is not taken")
	}
}

func TestTheDashboardsSecretIsOfOneRun(t *testing.T) {
	t.Parallel()
	dir := newProject(t).client.Local
	token, err := DashboardToken(dir)
	if err != nil || len(token) < 26 {
		t.Fatal(token, err)
	}
	if again, _ := DashboardToken(dir); again != token {
		t.Error("it changes while it is used")
	}
	if info, err := os.Stat(dir.DashboardToken()); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if link := DashboardLink(dir, "http://127.0.0.1:1"); !strings.HasSuffix(link, "/#token="+token) {
		t.Error(link)
	}
	if next, err := newDashboardToken(dir); err != nil || next == token {
		t.Error("another run has the same", err)
	}
}
