//go:build linux

package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// addScript puts a shell script into the plan, which is well as long as it runs.
func (pr *project) addScript(name, script string) *plan.Process {
	pr.t.Helper()
	p := pr.add(name)
	sh, err := exec.LookPath("sh")
	if err != nil {
		pr.t.Fatal(err)
	}
	p.Exe, p.Args = sh, []string{"sh", "-c", script}
	p.Health = plan.Health{Interval: time.Second, Timeout: time.Second, Retries: 3, StartPeriod: 20 * time.Second}
	return p
}

// said waits until a process has printed so many pids, each behind "pid ", and
// returns the identities of the last ones.
func (pr *project) said(name string, n int) []proc.Identity {
	pr.t.Helper()
	var ids []proc.Identity
	eventually(pr.t, fmt.Sprintf("%s has said %d pids", name, n), func() bool {
		ids = nil
		text, _ := os.ReadFile(pr.local.Log(name))
		for line := range strings.Lines(string(text)) {
			var pid int
			if _, err := fmt.Sscanf(line, "pid %d", &pid); err == nil {
				id, _ := proc.Identify(pid)
				ids = append(ids, id)
			}
		}
		return len(ids) >= n
	})
	return ids[n-1:]
}

// endAtLast ends a process when the test does.
func endAtLast(t *testing.T, id proc.Identity) {
	t.Helper()
	t.Cleanup(func() { id.Signal(syscall.SIGKILL) })
}

// unmarked starts what has neither our mark nor our session or group, but our log.
const unmarked = `env -i setsid sleep 3600 & echo pid $!; exec sleep 3600`

func TestAStrayWithoutOurEnvironmentIsEnded(t *testing.T) {
	t.Parallel()
	for how, act := range map[string]func(*project){
		"by a restart": func(pr *project) {
			if err := pr.client().Restart(pr.t.Context(), nil, time.Second); err != nil {
				pr.t.Error(err)
			}
		},
		"after a crash": func(pr *project) {
			pid := pr.process("a-0").PID
			kill(pr.t, pid, syscall.SIGKILL)
			eventually(pr.t, "it runs again", func() bool { now := pr.process("a-0").PID; return now != 0 && now != pid })
		},
		"by a stop": func(pr *project) {
			if err := pr.client().Stop(pr.t.Context(), nil, time.Second); err != nil {
				pr.t.Error(err)
			}
		},
		"by a stop without a supervisor": func(pr *project) {
			pr.killSupervisor()
			if err := pr.client().Stop(pr.t.Context(), nil, time.Second); err != nil {
				pr.t.Error(err)
			}
		},
		"by a restart after an adoption": func(pr *project) {
			pr.killSupervisor()
			pr.start(StartOptions{})
			if err := pr.client().Restart(pr.t.Context(), nil, time.Second); err != nil {
				pr.t.Error(err)
			}
		},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			pr := newProject(t)
			pr.addScript("a-0", unmarked)
			pr.start(StartOptions{})
			stray := pr.said("a-0", 1)[0]
			endAtLast(t, stray)
			eventually(t, "it is what it will be", func() bool { return proc.CommandLine(stray.PID) == "sleep 3600" })
			act(pr)
			if stray.Alive() {
				t.Error("the stray still runs")
			}
		})
	}
}

func TestWhatWritesElsewhereIsNamedAndLeftAlone(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.addScript("a-0", `setsid sleep 3600 >/dev/null 2>&1 & echo pid $!; exec sleep 3600`)
	pr.start(StartOptions{})
	browser := pr.said("a-0", 1)[0]
	endAtLast(t, browser)
	told := fmt.Sprintf("kill %d\n", browser.PID)
	crash := func(n int) proc.Identity {
		var pid int // which it may have printed before the supervisor has told it
		eventually(t, "a-0 runs", func() bool { pid = pr.process("a-0").PID; return pid != 0 })
		kill(t, pid, syscall.SIGKILL)
		next := pr.said("a-0", n)[0]
		endAtLast(t, next)
		return next
	}
	second := crash(2)
	eventually(t, "it is named", func() bool { return strings.Contains(pr.log(supervisorName), told) })
	third := crash(3)
	if _, others := pr.client().Orphans(); !strings.Contains(strings.Join(others, "; "), browser.Describe()) {
		t.Errorf("left alone are %v", others)
	}
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Error(err)
	}
	if err := pr.client().EndOrphans(t.Context()); err != nil {
		t.Error(err)
	}
	if n := strings.Count(pr.log(supervisorName), told); n != 1 {
		t.Errorf("named %d times", n)
	}
	for _, id := range []proc.Identity{browser, second, third} {
		if !id.Alive() {
			t.Errorf("pid %d was ended", id.PID)
		}
		id.Signal(syscall.SIGKILL)
	}
	eventually(t, "they are gone", func() bool { return !browser.Alive() && !second.Alive() && !third.Alive() })
}

func TestWhoeverWritesToOurLogIsNamedAndLeftAlone(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("a-0")
	pr.start(StartOptions{})
	log, err := proc.OpenLog(pr.local.Log("a-0"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("sleep", "3600")
	cmd.Stdout = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	stranger, err := proc.Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	named := func() {
		t.Helper()
		if ours, others := pr.client().Orphans(); len(ours) > 0 || len(others) != 1 || others[0] != stranger.Describe() {
			t.Errorf("orphans: %v, left alone: %v", ours, others)
		}
	}
	named()
	pr.killSupervisor()
	named()
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Error(err)
	}
	if err := pr.client().EndOrphans(t.Context()); err != nil {
		t.Error(err)
	}
	if !stranger.Alive() {
		t.Error("it was ended")
	}
}

// TestAStrangerInTheProjectsFolderIsNobodysStray has somebody's own nginx run in
// the folder, from a terminal that is closed: its title is in place of its
// environment, and its session and its group have lost their leader.
func TestAStrangerInTheProjectsFolderIsNobodysStray(t *testing.T) {
	t.Parallel()
	exe, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip(err)
	}
	pr, somebody := newProject(t), newProject(t)
	pr.add("a-0")
	pr.start(StartOptions{})
	somebody.addNginx(exe, "")
	terminal := exec.Command("sh", append([]string{"-c", `"$0" "$@" & wait`}, somebody.plan.Processes[0].Args...)...)
	terminal.Dir, terminal.SysProcAttr = pr.local.Project(), &syscall.SysProcAttr{Setsid: true}
	if err := terminal.Start(); err != nil {
		t.Fatal(err)
	}
	var all []proc.Identity
	eventually(t, "it runs", func() bool {
		all = nil
		for _, master := range proc.Children(terminal.Process.Pid) {
			// The master first: it puts another in the place of a worker that is killed.
			for _, pid := range append([]int{master}, proc.Children(master)...) {
				if id, err := proc.Identify(pid); err == nil && strings.HasPrefix(proc.CommandLine(pid), "nginx: ") {
					all = append(all, id)
				}
			}
		}
		return len(all) == 3
	})
	end := func() {
		for _, id := range all {
			id.Signal(syscall.SIGKILL)
		}
	}
	t.Cleanup(end)
	terminal.Process.Kill()
	terminal.Wait()
	pr.killSupervisor()
	pr.start(StartOptions{})
	if ours, others := pr.client().Orphans(); len(ours)+len(others) > 0 {
		t.Errorf("orphans: %v, %v", ours, others)
	}
	pr.killSupervisor()
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Error(err)
	}
	for _, id := range all {
		if !id.Alive() {
			t.Errorf("pid %d was ended", id.PID)
		}
	}
	end()
	eventually(t, "it is gone", func() bool {
		return !slices.ContainsFunc(all, func(id proc.Identity) bool { return id.Alive() })
	})
}

func TestADaemonOfALivingServerIsNoOrphan(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.addScript("a-0", `(setsid sleep 3600 & echo pid $!); exec sleep 3600`)
	pr.start(StartOptions{})
	daemon := pr.said("a-0", 1)[0]
	for range 2 {
		if ours, others := pr.client().Orphans(); len(ours)+len(others) > 0 {
			t.Errorf("orphans: %v, %v", ours, others)
		}
		pr.killSupervisor()
		pr.start(StartOptions{})
		if !daemon.Alive() {
			t.Fatal("an adoption has ended it")
		}
	}
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Error(err)
	}
	if daemon.Alive() {
		t.Error("it outlives its server")
	}
}

func TestAChildBeginsWithEverySignalAtItsDefault(t *testing.T) {
	t.Parallel()
	env := "env --ignore-signal=HUP,INT,QUIT,PIPE,TSTP,TTIN,TTOU --block-signal=TERM,CHLD,USR1 "
	if exec.Command("sh", "-c", env+"true").Run() != nil {
		t.Skip("env(1) cannot ignore and block signals")
	}
	pr := newProject(t)
	pr.addScript("a-0", `grep '^Sig[BI]' /proc/self/status; echo pid $$; exec sleep 3600`)
	text, err := json.Marshal(pr.plan)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	const ofLibc = 32 // which neither Go nor env(1) touches
	ignore := [16]uintptr{1}
	unix.RawSyscall6(unix.SYS_RT_SIGACTION, ofLibc, uintptr(unsafe.Pointer(&ignore)), 0, 8, 0, 0)
	t.Cleanup(func() {
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, ofLibc, uintptr(unsafe.Pointer(&[16]uintptr{})), 0, 8, 0, 0)
	})
	cmd := exec.Command("sh", "-c", "exec "+env+`"$0" "$@"`, os.Args[0], "command", "start", string(pr.local), file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pr.said("a-0", 1)
	const none = "0000000000000000"
	if text := pr.log("a-0"); !strings.Contains(text, "SigBlk:\t"+none) || !strings.Contains(text, "SigIgn:\t"+none) {
		t.Error(text)
	}
}

// supervisors are the living supervisors of the project, whoever knows of them.
func (pr *project) supervisors() []proc.Identity {
	var found []proc.Identity
	for _, pid := range allPIDs() {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if id, err := proc.Identify(pid); err == nil && strings.HasPrefix(string(line), residentName+"\x00"+string(pr.local)+"\x00") {
			found = append(found, id)
		}
	}
	return found
}

func (pr *project) ids() []proc.Identity {
	var ids []proc.Identity
	for _, p := range pr.status().Processes {
		id, err := proc.Identify(p.PID)
		if err != nil {
			pr.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// removeAll removes a folder in which somebody is writing.
func removeAll(t *testing.T, path string) {
	t.Helper()
	eventually(t, path+" is removed", func() bool { return os.RemoveAll(path) == nil })
}

func TestASupervisorEndsWithItsFolder(t *testing.T) {
	t.Parallel()
	for what, path := range map[string]func(local.Dir) string{
		".local":      func(dir local.Dir) string { return string(dir) },
		"its run":     local.Dir.Run,
		"the project": local.Dir.Project,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			pr := newProject(t)
			pr.add("web-0")
			pr.add("core-0", "-fork", "polite").StopRank = 2
			pr.start(StartOptions{})
			removeAll(t, path(pr.local))
			eventually(t, "nothing of the project runs", func() bool { return len(pr.supervisors())+len(pr.marked()) == 0 })
		})
	}
}

func TestAStartAfterItsFolderWasRemovedRunsNothingTwice(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("web-0", "-term-delay", "200ms")
	pr.addListening("core-0")
	pr.start(StartOptions{})
	before := append(pr.ids(), pr.supervisors()...)
	removeAll(t, string(pr.local))
	pr.start(StartOptions{})
	for _, id := range before {
		if id.Alive() {
			t.Errorf("pid %d runs beside its successor", id.PID)
		}
	}
	if n := len(pr.supervisors()); n != 1 {
		t.Errorf("%d supervisors", n)
	}
	for _, p := range pr.status().Processes {
		if pid, _ := os.ReadFile(pr.local.Pid(p.Name)); p.State != Healthy || strings.TrimSpace(string(pid)) != fmt.Sprint(p.PID) {
			t.Errorf("%+v, its pid file says %q", p, pid)
		}
	}
}

func TestASupervisorWithoutItsFolderIsFoundAndEnded(t *testing.T) {
	t.Parallel()
	for how, end := range map[string]func(*Client, *testing.T) error{
		"by a stop": func(c *Client, t *testing.T) error { return c.Stop(t.Context(), nil, time.Second) },
		"by a kill": func(c *Client, t *testing.T) error { return c.EndOrphans(t.Context()) },
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			pr := newProject(t)
			pr.add("core-0")
			pr.start(StartOptions{})
			supervisor := pr.supervisors()[0]
			if ours, _ := pr.client().Orphans(); len(ours) > 0 {
				t.Errorf("orphans of a project that is well: %v", ours)
			}
			kill(t, supervisor.PID, syscall.SIGSTOP) // it does not notice by itself
			removeAll(t, string(pr.local))
			if ours, _ := pr.client().Orphans(); !strings.Contains(strings.Join(ours, "; "), supervisor.Describe()) {
				t.Errorf("orphans: %v", ours)
			}
			kill(t, supervisor.PID, syscall.SIGCONT)
			if err := end(pr.client(), t); err != nil && !errors.Is(err, ErrNothingRuns) { // it may have noticed by now
				t.Error(err)
			}
			if left := append(pr.marked(), pr.supervisors()...); len(left) > 0 {
				t.Errorf("left running: %v", left)
			}
		})
	}
}
