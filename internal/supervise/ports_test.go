package supervise

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"muster/internal/hint"
	"muster/internal/proc"
)

func TestATakenPortIsNamedWithItsHolderAndNothingStarts(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("good-0")
	p := pr.addListening("bad-0")
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = pr.client().Start(t.Context(), pr.plan, StartOptions{})
	var taken *PortTaken
	if !errors.As(err, &taken) || taken.Holder.PID != os.Getpid() || taken.Process != "bad-0" {
		t.Fatalf("start: %v", err)
	}
	if !strings.Contains(err.Error(), filepath.Base(os.Args[0])) {
		t.Errorf("the holder's command is missing: %v", err)
	}
	if _, err := os.Stat(filepath.Join(pr.local.Logs(), "good-0.log")); err == nil {
		t.Error("good-0 was started")
	}
}

func TestAPortIsTakenByWhoListensOnTheOtherLocalhost(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	p := pr.add("page")
	p.Host = "localhost"
	l, err := net.Listen("tcp", net.JoinHostPort("::1", strconv.Itoa(p.Port)))
	if err != nil {
		t.Skip(err) // no IPv6 here
	}
	defer l.Close()
	_, err = pr.client().Start(t.Context(), pr.plan, StartOptions{})
	var taken *PortTaken
	if !errors.As(err, &taken) || taken.Holder.PID != os.Getpid() {
		t.Errorf("start: %v", err)
	}
}

// stranger listens on a port, as a program that is not ours.
func stranger(t *testing.T, port int) {
	t.Helper()
	c := exec.Command(os.Args[0], "server", "-port", strconv.Itoa(port))
	c.Env = proc.WithoutMark(os.Environ())
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	eventually(t, "the stranger listens", func() bool { // to try the port would take it from the stranger
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

func TestAPortIsLookedAtBeforeEveryLaunch(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	p := pr.add("web-0")
	pr.add("core-0")
	pr.start(StartOptions{})
	if err := pr.client().Stop(t.Context(), []string{"web-0"}, time.Second); err != nil {
		t.Fatal(err)
	}
	stranger(t, p.Port)
	want := fmt.Sprintf("port %d of web-0 is taken by ", p.Port)
	_, err := pr.client().Start(t.Context(), pr.plan, StartOptions{Names: []string{"web-0"}})
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(hint.Of(err), "kill ") {
		t.Errorf("start: %v (%s)", err, hint.Of(err))
	}
	if err := pr.client().Restart(t.Context(), nil, time.Second); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("restart: %v", err)
	}
	if p := pr.process("web-0"); p.PID != 0 {
		t.Errorf("web-0: %+v", p)
	}
	// Nor is one of our own servers taken for another.
	eventually(t, "core-0 is healthy again", func() bool { return pr.process("core-0").State == Healthy })
	other := pr.plan.Processes[1]
	other.Name, other.Server = "third-0", "third"
	pr.plan.Processes = append(pr.plan.Processes, other)
	_, err = pr.client().Start(t.Context(), pr.plan, StartOptions{Names: []string{"third-0"}})
	if err == nil || !strings.Contains(err.Error(), "this project's own") {
		t.Errorf("start of a server on another's port: %v", err)
	}
}

func TestOnlyTheProcessItselfAnswersForItsHealth(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	p := pr.add("web-0", "-delay", "1h")
	began := make(chan error, 1)
	go func() {
		_, err := pr.client().Start(t.Context(), pr.plan, StartOptions{})
		began <- err
	}()
	eventually(t, "web-0 runs", func() bool { _, err := os.Stat(pr.local.Pid("web-0")); return err == nil })
	stranger(t, p.Port)
	if err := <-began; err == nil || !strings.Contains(err.Error(), "answered by "+os.Args[0]) {
		t.Errorf("start: %v", err)
	}
}

func TestWhatAProcessHasStartedAnswersForIt(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"'%s' server -port %d & wait", "setsid '%s' server -port %d & wait",
		"(env -i setsid '%s' server -port %d &) ; exec sleep 3600"} {
		pr := newProject(t)
		p := pr.add("web-0")
		p.Args = []string{"sh", "-c", fmt.Sprintf(how, p.Exe, p.Port)}
		p.Exe = "/bin/sh"
		pr.start(StartOptions{})
		if p := pr.process("web-0"); p.State != Healthy || p.Detail != "" {
			t.Errorf("%s: %+v", how, p)
		}
		if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
			t.Fatal(err)
		}
		// What has no mark is not seen by the look at what a test leaves.
		if err := proc.TryPort(p.Host, p.Port); err != nil {
			t.Errorf("%s: what listens outlives the stop: %v, %s", how, err, proc.PortHolder(p.Port))
		}
	}
}
