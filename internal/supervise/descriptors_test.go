//go:build linux

package supervise

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"muster/internal/proc"
)

// leaky are our own descriptors that any program we start gets: they come from
// whoever started the test.
func leaky(t *testing.T) map[int]bool {
	t.Helper()
	fds := map[int]bool{}
	for _, fd := range descriptors(t, os.Getpid()) {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err == nil && flags&unix.FD_CLOEXEC == 0 && fd > 3 {
			fds[fd] = true
		}
	}
	return fds
}

func descriptors(t *testing.T, pid int) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	var fds []int
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
	}
	slices.Sort(fds)
	return fds
}

func TestAChildHasNoDescriptorsButItsOwn(t *testing.T) {
	t.Parallel()
	sleep, err := exec.LookPath("sleep") // which opens nothing itself
	if err != nil {
		t.Fatal(err)
	}
	pr := newProject(t)
	for _, p := range []string{"plain-0", "plain-1"} {
		pr.add(p)
	}
	pr.addListening("listen-0")
	for i := range pr.plan.Processes {
		p := &pr.plan.Processes[i]
		p.Exe, p.Args = sleep, []string{"sleep", "3600"}
		p.Health.Path = "" // it is healthy as soon as it runs
	}
	ours := leaky(t)
	claim, err := proc.ReservePort(freePort(t))
	if err != nil {
		t.Fatal(err)
	}
	defer claim.Close()
	c := pr.client()
	c.Claims = []*os.File{claim}
	if _, err := c.Start(t.Context(), pr.plan, StartOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := pr.client().Restart(t.Context(), []string{"plain-1"}, time.Second); err != nil {
		t.Fatal(err)
	}
	for _, p := range pr.status().Processes {
		want := []int{0, 1, 2}
		if p.Name == "listen-0" {
			want = append(want, 3)
		}
		var got []int
		// The program may still be loading, which takes descriptors of its own.
		err := within(5*time.Second, func() error {
			got = slices.DeleteFunc(descriptors(t, p.PID), func(fd int) bool { return ours[fd] })
			if !slices.Equal(got, want) {
				return errors.New("others")
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s has the descriptors %v, want %v", p.Name, got, want)
			for _, fd := range got {
				to, _ := os.Readlink("/proc/" + strconv.Itoa(p.PID) + "/fd/" + strconv.Itoa(fd))
				t.Logf("%d: %s", fd, to)
			}
		}
	}
}

// It is not parallel: the goroutines of other tests would be in the way.
func TestAStopWithoutASupervisorLeavesNoGoroutine(t *testing.T) {
	pr := newProject(t)
	pr.add("broker-0", "-fork", "session")
	pr.addListening("core-0")
	pr.start(StartOptions{})
	pid := pr.status().Supervisor.PID
	kill(t, pid, syscall.SIGKILL)
	eventually(t, "the supervisor is gone", func() bool { _, err := proc.Identify(pid); return err != nil })
	before := goleak.IgnoreCurrent()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := pr.client().Stop(ctx, nil, 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	cancel()
	goleak.VerifyNone(t, before)
}
