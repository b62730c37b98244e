package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"muster/internal/local"
)

// shell starts a script in a group of its own, and waits until it has printed a
// word.
func shell(t *testing.T, script string, grace time.Duration, word string) *Child {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	dir := local.Of(t.TempDir())
	if err := dir.Make(); err != nil {
		t.Fatal(err)
	}
	c, err := Spawn(Command{Exe: sh, Args: []string{"sh", "-c", script}, Dir: t.TempDir(), Log: dir.Log("a-0"),
		Socket: NoSocket, Mark: Mark{Project: dir, Process: "a-0"}, Grace: grace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, id := range group(c.ID.PID) {
			syscall.Kill(id.PID, syscall.SIGKILL)
		}
	})
	eventually(t, "it says "+word, func() bool { return strings.Contains(said(t, c), word) })
	return c
}

func said(t *testing.T, c *Child) string {
	t.Helper()
	text, err := os.ReadFile(c.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func noneLeft(t *testing.T) func(Identity) {
	return func(id Identity) { t.Errorf("left alone: %s", id.Describe()) }
}

func TestWhatACrashLeavesInItsGroupIsAskedToEnd(t *testing.T) {
	t.Parallel()
	c := shell(t, `sh -c 'trap "echo bye; exit" TERM; echo ready; while :; do sleep 0.01; done' & wait`, time.Hour, "ready")
	syscall.Kill(c.ID.PID, syscall.SIGKILL)
	c.WaitAll(noneLeft(t))
	if !strings.Contains(said(t, c), "bye") {
		t.Error("it was not asked")
	}
}

func TestWhatACrashLeavesIsKilledAfterItsGrace(t *testing.T) {
	t.Parallel()
	for where, how := range map[string]string{"in its group": "", "in another session": "setsid "} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			c := shell(t, how+`sh -c 'trap "echo asked" TERM; echo ready $$; while :; do sleep 0.01; done' & wait`, 100*time.Millisecond, "ready")
			// As of a process that we have attached to: this test is no sub-reaper.
			c.ours = false
			var pid int
			fmt.Sscanf(said(t, c), "ready %d", &pid)
			syscall.Kill(c.ID.PID, syscall.SIGKILL)
			syscall.Wait4(c.ID.PID, nil, 0, nil)
			c.WaitAll(noneLeft(t))
			if !strings.Contains(said(t, c), "asked") {
				t.Error("it was not asked")
			}
			if _, err := Identify(pid); err == nil {
				t.Error("it still runs")
			}
		})
	}
}

func TestAGroupIsAskedOnce(t *testing.T) {
	t.Parallel()
	c := shell(t, `sh -c 'trap "echo asked" TERM; echo ready; while :; do sleep 0.01; done' & wait`, time.Hour, "ready")
	c.SetDeadline(time.Now().Add(300 * time.Millisecond))
	if err := c.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	c.WaitAll(noneLeft(t))
	if n := strings.Count(said(t, c), "asked"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestAChildThatCannotBeWatchedIsEndedAndReaped(t *testing.T) {
	t.Parallel()
	pid, err := syscall.ForkExec("/bin/sleep", []string{"sleep", "3600"}, &syscall.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	abandon(pid)
	if _, err := look(pid); !errors.Is(err, ErrGone) {
		t.Errorf("pid %d: %v", pid, err)
	}
}

func TestAnEndIsSeenWithoutThePoller(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "3600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	fd, err := unix.PidfdOpen(cmd.Process.Pid, 0) // which blocks, and so stays out of the poller
	if err != nil {
		t.Fatal(err)
	}
	w := exitWatch{os.NewFile(uintptr(fd), "pidfd")}
	defer w.close()
	ended := make(chan struct{})
	go func() { w.wait(); close(ended) }()
	select {
	case <-ended:
		t.Fatal("the end of a living process was seen")
	case <-time.After(50 * time.Millisecond):
	}
	cmd.Process.Kill()
	select {
	case <-ended:
	case <-time.After(40 * time.Second):
		t.Error("the end was not seen")
	}
}

func TestASignalIsForOneProcessAlone(t *testing.T) {
	t.Parallel()
	id, err := Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := id.Signal(0); err != nil {
		t.Errorf("signal 0 to this process: %v", err)
	}
	id.Start++ // another process had this pid
	for _, id := range []Identity{id, {}, {PID: 1 << 30}} {
		if err := id.Signal(0); !errors.Is(err, ErrGone) { // any other would end this very test
			t.Errorf("%+v: %v", id, err)
		}
	}
}

func TestACommandLineIsNoTerminalsToObey(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", "-c", "read word", "\x1b]52;c;x\a\nforged")
	in, err := cmd.StdinPipe() // it waits for that, and for no child
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	eventually(t, "it is the shell", func() bool { return strings.HasPrefix(CommandLine(cmd.Process.Pid), "sh ") })
	if line := CommandLine(cmd.Process.Pid); strings.ContainsAny(line, "\x1b\a\n") || !strings.Contains(line, "forged") {
		t.Errorf("%q", line)
	}
}

func TestALogIsKnownRotatedAndRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := filepath.Join(dir, "a-0.log")
	is := folder(dir).log(log)
	for file, want := range map[string]bool{
		log: true, log + ".1": true, log + " (deleted)": true, log + "s": false, filepath.Join(dir, "b-0.log"): false, "/dev/null": false,
	} {
		if is(file) != want {
			t.Errorf("%s: %t", file, !want)
		}
	}
}
