package supervise

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"muster/internal/proc"
)

// readOnly makes .local read-only, for whoever opens a file of it from now on, until
// the returned function is called.
func (pr *project) readOnly() (end func()) {
	pr.t.Helper()
	dir := string(pr.local)
	if err := mountReadOnly(dir); err != nil {
		pr.t.Skipf("no mount can be made: %v", err)
	}
	mounted := true
	end = func() {
		if mounted {
			mounted = false
			if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
				pr.t.Error(err)
			}
		}
	}
	pr.t.Cleanup(end)
	return end
}

// mountReadOnly mounts a folder over itself. It is read-only from the first moment: no
// file can be open for writing there then, which would refuse it.
func mountReadOnly(dir string) error {
	fd, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return err
	}
	return unix.MoveMount(fd, "", unix.AT_FDCWD, dir, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

func TestAStopWorksOnAReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	for what, alive := range map[string]bool{"with a supervisor": true, "without one": false} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			pr := newProject(t)
			pr.add("a-0", "-fork", "session")
			pr.start(StartOptions{})
			if !alive {
				pr.killSupervisor()
			}
			defer pr.readOnly()()
			if st := pr.status(); len(st.Processes) != 1 || st.Processes[0].State != Healthy {
				t.Errorf("status: %+v", st)
			}
			if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
				t.Error(err)
			}
			if left := pr.marked(); len(left) > 0 {
				t.Errorf("left running: %v", left)
			}
		})
	}
}

// The positions of the logs cannot be opened when a stop without a supervisor begins,
// and can be before it ends.
func TestLogsGoOnWhereTheyWereOnceTheirDiskIsWritable(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("writer-0", "-unique", "-lines", "200")
	pr.add("deaf-0", "-deaf")
	pr.add("polite-0")
	pr.start(StartOptions{})
	eventually(t, "lines are in the unified log", func() bool {
		b, _ := os.ReadFile(pr.local.Unified())
		return strings.Count(string(b), "line ") > 20
	})
	pr.killSupervisor()
	polite := pr.ids()[2]
	end := pr.readOnly()
	stopped := make(chan error, 1)
	go func() {
		stopped <- pr.client().Stop(context.Background(), []string{"deaf-0", "polite-0"}, 3*time.Second)
	}()
	eventually(t, "the stop is under way", func() bool { return !polite.Alive() })
	end()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	pr.start(StartOptions{})
	if err := within(patience, func() error {
		file, err := os.ReadFile(pr.local.Log("writer-0"))
		if err != nil {
			return err
		}
		unified, err := os.ReadFile(pr.local.Unified())
		if err != nil {
			return err
		}
		got := splitUnified(unified)["writer-0"]
		if _, err := numbered(got); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(got), string(file)) {
			return os.ErrInvalid
		}
		return nil
	}); err != nil {
		t.Error("the unified log lacks lines")
	}
}

func TestLogsThatCannotBeEmptiedStayInTheUnifiedLog(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("a-0")
	pr.start(StartOptions{})
	logged := func() bool {
		b, _ := os.ReadFile(pr.local.Unified())
		return strings.Contains(string(b), "hello from a-0")
	}
	eventually(t, "its line is in the unified log", logged)
	defer pr.readOnly()()
	if err := pr.client().CleanLogs(t.Context()); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("clean: %v", err)
	}
	if !logged() {
		t.Error("the unified log lacks a line that is in a file")
	}
}

// It has no environment to be known by, no log, and no file that speaks of it.
func TestAnNginxThatWasStartedOnAReadOnlyFileSystemIsFoundAgain(t *testing.T) {
	t.Parallel()
	exe, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip(err)
	}
	pr := newProject(t)
	pr.addNginx(exe, "")
	pr.start(StartOptions{})
	writable := pr.readOnly()
	first := pr.process("nginx").PID
	kill(t, first, syscall.SIGKILL)
	eventually(t, "it runs again", func() bool { now := pr.process("nginx"); return now.PID != first && now.State == Healthy })
	second, err := proc.Identify(pr.process("nginx").PID)
	if err != nil {
		t.Fatal(err)
	}
	endAtLast(t, second)
	pr.killSupervisor()
	writable()
	pr.start(StartOptions{})
	if second.Alive() {
		t.Error("there are two")
	}
}

// Its output is /dev/null, as that of a daemon which is nobody's affair.
func TestWhatWasStartedOnAReadOnlyFileSystemIsFoundAgain(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("a-0", "-fork", "session", "-deaf")
	pr.start(StartOptions{})
	writable := pr.readOnly()
	first := pr.process("a-0").PID
	kill(t, first, syscall.SIGKILL)
	eventually(t, "it runs again", func() bool { now := pr.process("a-0"); return now.PID != first && now.State == Healthy })
	left := pr.marked()
	pr.killSupervisor()
	writable()
	pr.start(StartOptions{})
	for _, id := range left {
		if id.Alive() {
			t.Errorf("%s still runs", id.Describe())
		}
	}
}

func TestAStopEndsASupervisorThatStandsStill(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("a-0", "-fork", "session")
	pr.start(StartOptions{})
	kill(t, pr.status().Supervisor.PID, syscall.SIGSTOP)
	c, told := pr.client(), ""
	c.patience = 500 * time.Millisecond
	c.OnEvent = func(e Event) { told += e.Warning }
	if err := c.Stop(t.Context(), nil, time.Second); err != nil {
		t.Error(err)
	}
	if left := pr.marked(); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
	if !strings.Contains(told, "has not answered") {
		t.Errorf("told %q", told)
	}
}

func TestAStopEndsASupervisorThatStandsStillMeanwhile(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("a-0", "-fork", "session", "-deaf")
	pr.start(StartOptions{})
	supervisor := pr.status().Supervisor.PID
	c, told := pr.client(), ""
	c.patience = 500 * time.Millisecond
	c.OnEvent = func(e Event) {
		told += e.Warning
		if e.State == Stopping && supervisor != 0 {
			kill(t, supervisor, syscall.SIGSTOP)
			supervisor = 0
		}
	}
	if err := c.Stop(t.Context(), nil, time.Second); err != nil {
		t.Error(err)
	}
	if left := pr.marked(); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
	if supervisor != 0 || !strings.Contains(told, "has not answered") {
		t.Errorf("told %q", told)
	}
}

// Its folder was removed, and then it was killed before it could end what it ran.
func TestWhatARemovedProjectsKilledSupervisorLeftIsEnded(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]func(*project) error{
		"by a stop":       func(pr *project) error { return pr.client().Stop(t.Context(), nil, time.Second) },
		"by dev:kill":     func(pr *project) error { return pr.client().EndOrphans(t.Context()) },
		"by the next one": func(pr *project) error { _, err := pr.client().Start(t.Context(), pr.plan, StartOptions{}); return err },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			pr := newProject(t)
			pr.add("a-0", "-fork", "session")
			pr.start(StartOptions{})
			before := pr.marked()
			supervisor := pr.status().Supervisor.PID
			kill(t, supervisor, syscall.SIGSTOP)
			if err := os.RemoveAll(string(pr.local)); err != nil {
				t.Fatal(err)
			}
			kill(t, supervisor, syscall.SIGKILL)
			if err := end(pr); err != nil {
				t.Error(err)
			}
			for _, id := range before {
				if id.Alive() {
					t.Errorf("%s still runs", id.Describe())
				}
			}
		})
	}
}

func TestASupervisorWithoutDescriptorsEndsWhatItRuns(t *testing.T) {
	t.Parallel()
	for _, spare := range []int{0, 1, 2, 3, 4} {
		t.Run(fmt.Sprintf("%d to spare", spare), func(t *testing.T) {
			t.Parallel()
			pr := newProject(t)
			pr.add("a-0", "-fork", "session")
			pr.add("b-0", "-fork", "group")
			pr.start(StartOptions{})
			st := pr.status()
			open := descriptors(t, st.Supervisor.PID)
			var limit unix.Rlimit
			if err := unix.Prlimit(st.Supervisor.PID, unix.RLIMIT_NOFILE, nil, &limit); err != nil {
				t.Fatal(err)
			}
			limit.Cur = uint64(len(open) + spare)
			if err := unix.Prlimit(st.Supervisor.PID, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
				t.Fatal(err)
			}
			kill(t, st.Processes[0].PID, syscall.SIGKILL) // what is launched next may get the last descriptor
			eventually(t, "its end was seen", func() bool { return pr.process("a-0").PID != st.Processes[0].PID })
			saved, err := loadState(pr.local)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range saved.Processes {
				if p.ID.PID != 0 && p.ID == (proc.Identity{PID: p.ID.PID}) {
					t.Errorf("%s is written down as a pid that nobody will know again", p.Process.Name)
				}
			}
			if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
				t.Error(err)
			}
			if left := pr.marked(); len(left) > 0 {
				t.Errorf("left running: %v", left)
			}
		})
	}
}
