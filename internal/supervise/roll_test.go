package supervise

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/plan"
)

// rolling is a project with a server of two instances, and their stand-ins.
func rolling(t *testing.T, args ...string) (*project, Roll) {
	t.Helper()
	pr := newProject(t)
	r := Roll{Server: "web", Timeout: OwnTimeout, Drain: 2 * time.Second}
	for _, name := range []string{"web-0", "web-1"} {
		pr.add(name, args...)
		r.Names = append(r.Names, name)
	}
	for _, name := range r.Names {
		p := pr.add(name + ".spare")
		p.Server, p.Spare = "web", true
		r.Spares = append(r.Spares, *p)
	}
	pr.plan.Processes = slices.DeleteFunc(pr.plan.Processes, func(p plan.Process) bool { return p.Spare })
	pr.start(StartOptions{})
	return pr, r
}

func (pr *project) aside() bool {
	_, err := os.Stat(pr.local.Aside("web"))
	return err == nil
}

// rolled tells whether a rolling restart has come to its end.
func (pr *project) rolled() bool {
	st := pr.status()
	return !pr.aside() && st.Healthy() && len(st.Processes) == 2
}

func TestStandInsServeWhileAllInstancesRestart(t *testing.T) {
	t.Parallel()
	pr, r := rolling(t, "-delay", "300ms") // what is told of an end comes before the flag goes
	before := pr.status()
	c := pr.client()
	c.OnEvent = func(e Event) {
		if strings.HasSuffix(e.Process, "-0") && e.State == Stopping && !pr.aside() {
			t.Error("an instance ends before the gateway has turned away")
		}
	}
	if err := c.Roll(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	log := pr.log(supervisorName)
	at := func(what string) int { return strings.LastIndex(log, "[INFO] "+what) }
	for _, order := range [][2]string{
		{"web-0.spare healthy", "web-0 stopping"}, {"web-1.spare healthy", "web-0 stopping"}, {"web-0 stopping", "web-0 healthy"},
		{"web-0 healthy", "web-0.spare stopped"}, {"web-1 healthy", "web-0.spare stopped"}, {"web-1 healthy", "web-1.spare stopped"},
	} {
		if at(order[0]) < 0 || at(order[0]) > at(order[1]) {
			t.Errorf("%q is not before %q:\n%s", order[0], order[1], log)
		}
	}
	if !pr.rolled() {
		t.Errorf("flag %v, status %+v", pr.aside(), pr.status())
	}
	for i, p := range pr.status().Processes {
		if p.PID == before.Processes[i].PID {
			t.Errorf("%s was not restarted", p.Name)
		}
	}
}

func TestStandInsThatDoNotStartChangeNothing(t *testing.T) {
	t.Parallel()
	pr, r := rolling(t)
	before := pr.status()
	r.Spares[1].Args = append(r.Spares[1].Args, "-die", "1ms", "-delay", "1h")
	err := pr.client().Roll(t.Context(), r)
	if err == nil || !strings.Contains(err.Error(), "web-1.spare") {
		t.Errorf("%v", err)
	}
	if !pr.rolled() {
		t.Errorf("flag %v, status %+v", pr.aside(), pr.status())
	}
	for i, p := range pr.status().Processes {
		if p.PID != before.Processes[i].PID {
			t.Errorf("%s was restarted", p.Name)
		}
	}
}

func TestARollThatIsCutShortIsBroughtToItsEnd(t *testing.T) {
	t.Parallel()
	for what, cut := range map[string]func(*project){
		"by the supervisor's death": func(pr *project) { pr.killSupervisor() },
		"by the command's":          func(*project) {},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			hang := filepath.Join(t.TempDir(), "hang")
			pr, r := rolling(t, "-hang", hang)
			write(t, hang, "")
			conn, err := dialSocket(pr.local)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			go pr.client().converse(t.Context(), conn, request{Op: opRoll, Roll: &r})
			started := func(name string) bool { return strings.Count(pr.log(name), "hello from") == 2 }
			eventually(t, "both instances restart", func() bool { return started("web-0") && started("web-1") })
			conn.Close()
			cut(pr)
			if !pr.aside() {
				t.Error("the stand-ins do not serve")
			}
			os.Remove(hang)
			pr.start(StartOptions{})
			eventually(t, "the roll has come to its end", pr.rolled)
		})
	}
}

func TestStandInsServeUntilAllInstancesDo(t *testing.T) {
	t.Parallel()
	dir := local.Of(t.TempDir())
	if err := dir.Make(); err != nil {
		t.Fatal(err)
	}
	unifier := logs.NewUnifier(logs.Options{Unified: dir.Unified(), Checkpoint: dir.Checkpoint()})
	unifier.Close() // what would end the stand-ins gets through
	ctx, end := context.WithCancel(t.Context())
	s := &supervisor{ctx: ctx, local: dir, log: io.Discard, unifier: unifier, changed: make(chan struct{})}
	for name, state := range map[string]State{"web-0": Healthy, "web-1": Starting, "web-0.spare": Healthy, "web-1.spare": Healthy} {
		p := newProcess(s, plan.Process{Name: name, Server: "web", Spare: strings.HasSuffix(name, plan.Spare)})
		p.now.state = state
		close(p.done) // nothing runs here
		s.procs = append(s.procs, p)
	}
	if err := s.turnAside("web"); err != nil {
		t.Fatal(err)
	}
	end() // it looks, and waits for nothing
	s.finishRoll(ctx, "web", 0)
	if _, err := os.Stat(dir.Aside("web")); err != nil {
		t.Errorf("one of two instances is healthy, and the gateway turns back: %v", err)
	}
}

func TestAFlagWithNobodyBehindItIsRemoved(t *testing.T) {
	t.Parallel()
	pr, _ := rolling(t)
	pr.killSupervisor()
	if err := os.MkdirAll(filepath.Dir(pr.local.Aside("web")), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, pr.local.Aside("web"), "")
	pr.start(StartOptions{})
	if pr.aside() {
		t.Error("it is still there")
	}
	write(t, pr.local.Aside("web"), "")
	if _, err := pr.client().Reload(t.Context(), pr.plan); err != nil && !errors.Is(err, errRunning) {
		t.Fatal(err)
	}
	if pr.aside() {
		t.Error("a reload leaves it there")
	}
}
