//go:build linux

package supervise

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

var (
	faultTime = flag.Duration("faults", 12*time.Second, "how long TestFaults runs")
	faultSeed = flag.Uint64("seed", 0, "of the faults; 0: another one each time")
)

// TestFaults lets faults happen to a whole project at random moments, and then
// proves that nothing of it matters. A failure tells the seed and the faults:
//
//	go test -race -run 'TestFaults$' ./internal/supervise -faults=10m -timeout=0 -seed=N
//
// With one seed the faults and the pauses between them are the same; how the
// processes interleave is not.
//
// The clock is no fault that can be played here: to step it would step that of
// the whole machine. Nothing that decides about a process reads it: pauses and
// deadlines are timers and the differences of two readings in one process, both
// monotonic (time: Monotonic Clocks), and a process is known by the kernel's
// ticks since the boot. TestDeadlinesDoNotReadTheWallClock holds on to that.
func TestFaults(t *testing.T) {
	t.Parallel()
	f := newFaults(t)
	f.settle()
	for round := 1; time.Now().Before(f.until) && !t.Failed(); round++ {
		f.note("round %d", round)
		for range 3 + f.rand.IntN(8) {
			f.disturb()
		}
		f.settle()
	}
	f.finish()
}

// faults is a project to which faults happen.
type faults struct {
	*project
	*testing.T
	seed  uint64
	rand  *rand.Rand
	began time.Time
	until time.Time
	nginx string // "": there is none
	full  bool   // the disk can be filled up, and made read-only
	few   string // the cgroup in which there are no processes to be had; "": none can be made

	spares []plan.Process // the stand-ins of core-0
	conf   []byte         // nginx's

	stranger proc.Identity // somebody else's process, which must survive it all

	commands sync.WaitGroup
	plans    int // how many forms of the plan there were

	mu    sync.Mutex
	story []string

	removed  bool              // logs were removed or not written: not every line of a file is in the unified log
	pidFiles map[string]string // the damaged ones
	skip     map[string]int64  // how far a file's lines need not be in the unified log
	pids     map[string]int    // of the last settled state
	steady   bool              // no fault since then ends a server
}

func newFaults(t *testing.T) *faults {
	f := &faults{project: newProject(t), T: t, seed: *faultSeed, began: time.Now(),
		pidFiles: map[string]string{}, skip: map[string]int64{}, pids: map[string]int{}}
	for f.seed == 0 {
		f.seed = rand.Uint64()
	}
	f.rand = rand.New(rand.NewPCG(f.seed, 0))
	length := *faultTime
	if s := os.Getenv("MUSTER_FAULTS"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatalf("MUSTER_FAULTS: %v", err)
		}
		length = d
	}
	f.until = f.began.Add(length)
	t.Cleanup(f.cleanUp)
	if err := unix.Mount("tmpfs", f.local.Project(), "tmpfs", 0, "size=32m,mode=700"); err == nil {
		f.full = true
	} else {
		t.Logf("the disk won't be full, nor read-only, as there is no disk of our own: %v", err)
	}

	f.add("writer-0", "-unique", "-lines", "300")
	f.addListening("core-0", "-unique", "-lines", "50", "-delay", "20ms").StopRank = 2
	f.add("deaf-0", "-unique", "-lines", "20", "-deaf").StopTimeout = 300 * time.Millisecond
	f.add("forker-0", "-unique", "-lines", "20", "-fork", "group")
	f.add("nested-0", "-unique", "-lines", "20", "-fork", "session")
	f.add("web-0", "-unique", "-lines", "20", "-term-delay", "30ms").DependsOn = []string{"core-0"}
	spare := f.addListening("core-0.spare", "-unique")
	spare.Server, spare.Spare = "core", true
	f.spares = []plan.Process{*spare}
	f.plan.Processes = f.plan.Processes[:len(f.plan.Processes)-1]
	f.addNginx()
	f.few = fewProcesses(t)

	cmd := exec.Command(os.Args[0], "server", "-deaf", "-port", "-1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	var err error
	if f.stranger, err = proc.Identify(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	return f
}

// addNginx puts a real nginx in front of core-0.
func (f *faults) addNginx() {
	exe, err := exec.LookPath("nginx")
	if err != nil {
		f.Skip(err)
	}
	f.nginx = "nginx"
	upstream := f.plan.Processes[1].Port
	f.project.addNginx(exe, fmt.Sprintf("location / { proxy_pass http://127.0.0.1:%d; }", upstream))
	f.conf, err = os.ReadFile(f.local.NginxConf())
	if err != nil {
		f.Fatal(err)
	}
}

// note adds to the story that a failure tells.
func (f *faults) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.story = append(f.story, fmt.Sprintf("%8.3f  ", time.Since(f.began).Seconds())+fmt.Sprintf(format, args...))
}

func (f *faults) fail(format string, args ...any) {
	f.note("FAILED "+format, args...)
	dir := fmt.Sprintf("/proc/%d/fd", f.supervisorPID())
	fds, _ := os.ReadDir(dir)
	for _, fd := range fds {
		to, _ := os.Readlink(filepath.Join(dir, fd.Name()))
		f.note("          the supervisor's descriptor %s: %s", fd.Name(), to)
	}
	f.Errorf(format, args...)
}

// cleanUp runs first of all that is to be done at the end.
func (f *faults) cleanUp() {
	f.signalSupervisor(syscall.SIGCONT)
	os.Remove(f.fill())
	f.commands.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	f.client().Stop(ctx, nil, time.Second)
	f.mu.Lock()
	story := strings.Join(f.story, "\n")
	f.mu.Unlock()
	if f.Failed() {
		f.Logf("-seed=%d; what happened:\n%s", f.seed, story)
		log, _ := os.ReadFile(f.local.Log(supervisorName))
		f.Logf("the end of the supervisor's log:\n%s", log[max(0, len(log)-20_000):])
	} else {
		f.Logf("seed %d, %d faults and commands", f.seed, len(f.story))
	}
	killGroups(f.marked())
	os.Remove(f.few)
	if f.full {
		if err := unix.Unmount(f.local.Project(), unix.MNT_DETACH); err != nil {
			f.Errorf("unmount %s: %v", f.local.Project(), err)
		}
	}
}

// supervisorPID finds the living supervisor, without asking it.
func (f *faults) supervisorPID() int {
	for _, pid := range allPIDs() {
		if f.isSupervisor(pid) {
			return pid
		}
	}
	return 0
}

func (f *faults) isSupervisor(pid int) bool {
	if _, err := proc.Identify(pid); err != nil {
		return false
	}
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return strings.HasPrefix(string(b), residentName+"\x00"+string(f.local)+"\x00")
}

func (f *faults) signalSupervisor(sig syscall.Signal) {
	if pid := f.supervisorPID(); pid != 0 {
		syscall.Kill(pid, sig)
	}
}

func (f *faults) fill() string { return filepath.Join(f.local.Project(), "fill") }

// commandTime is how long a command may take under faults: a start waits for
// the slowest back-off, and the machine may be busy.
const commandTime = 60 * time.Second

// command starts a command of the project; the returned function waits for its
// end and tells what it said.
func (f *faults) command(verb string, p plan.Plan, names ...string) (*os.Process, func() error) {
	return f.commandIn(f.local, verb, p, names...)
}

func (f *faults) commandIn(dir local.Dir, verb string, p plan.Plan, names ...string) (*os.Process, func() error) {
	b, err := json.Marshal(p)
	if err != nil {
		f.Fatal(err)
	}
	file := filepath.Join(f.TempDir(), "plan.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		f.Fatal(err)
	}
	exe, _ := os.Executable()
	cmd := exec.Command(exe, append([]string{"command", verb, string(dir), file}, names...)...)
	var out bytes.Buffer
	cmd.Stderr = &out
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		f.Fatal(err)
	}
	return cmd.Process, func() error {
		hung := time.AfterFunc(commandTime, func() {
			// Both tell where they are, the supervisor in its log.
			f.signalSupervisor(syscall.SIGQUIT)
			cmd.Process.Signal(syscall.SIGQUIT)
		})
		err := cmd.Wait()
		if !hung.Stop() {
			f.fail("%s %s hangs: %s", verb, strings.Join(names, " "), &out)
		}
		if strings.Contains(out.String(), "panic:") || strings.Contains(out.String(), "DATA RACE") {
			f.fail("%s: %s", verb, &out)
		}
		if err != nil {
			return fmt.Errorf("%s: %w: %s", verb, err, strings.TrimSpace(out.String()))
		}
		return nil
	}
}
