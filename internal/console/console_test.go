package console

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fatih/color"

	"muster/internal/supervise"
)

type hinted struct{ error }

func (hinted) Hint() string { return "first this\nthen that" }

func TestAnErrorIsOneBlockWithItsHints(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	Terminal{&b}.Error(fmt.Errorf("no start: %w", hinted{errors.New("100 % full")}))
	if got, want := b.String(), "muster: error: no start: 100 % full\nhint: first this\nhint: then that\n"; got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestDurationsAreRoundedToWhatMatters(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		4 * time.Millisecond: "0.00 s", 1234 * time.Millisecond: "1.23 s", 12345 * time.Millisecond: "12 s",
		3*time.Hour + 61*time.Second + time.Millisecond: "3h1m1s",
	} {
		if got := seconds(d); got != want {
			t.Errorf("%s: %q, not %q", d, got, want)
		}
	}
}

func TestEventsAreOneLineOrNone(t *testing.T) {
	t.Parallel()
	event := func(state supervise.State, detail string) supervise.Event {
		return supervise.Event{Process: "core-0", State: state, Detail: detail, URL: "http://x", Seconds: 0.5}
	}
	adopted := event(supervise.Healthy, "")
	adopted.Adopted = true
	for _, c := range []struct {
		event supervise.Event
		want  string
	}{
		{event(supervise.Healthy, ""), "✓ core-0             healthy   http://x  0.50 s\n"},
		{adopted, "✓ core-0             healthy   http://x  adopted, it ran on\n"},
		{event(supervise.Failed, "exit code 3"), "✗ core-0             failed: exit code 3\n"},
		{event(supervise.Backoff, "exit code 3"), "! core-0             backoff: exit code 3\n"},
		{event(supervise.Starting, "waits for db-0"), "· core-0             starting: waits for db-0\n"},
		{event(supervise.Stopped, ""), "✓ core-0             stopped\n"},
		{event(supervise.Starting, ""), ""},
		{event(supervise.Stopping, ""), ""},
	} {
		var b bytes.Buffer
		Terminal{&b}.Event(c.event)
		if b.String() != c.want {
			t.Errorf("got %q\nwant %q", b.String(), c.want)
		}
	}
}

func TestStatusIsAlignedAndEndsWithWhatIsWrong(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	Terminal{&b}.Status(supervise.Status{Running: true, Processes: []supervise.ProcessStatus{
		{Name: "brüker-0", State: supervise.Healthy, PID: 4711, URL: "http://127.0.0.1:8001", Modules: []string{"a", "b"},
			UptimeSeconds: 61, CPUPercent: 0.25, RSSBytes: 12_340_000, Restarts: 2},
		{Name: "job-0", State: supervise.Backoff, Detail: "exit code 3", LastLines: []string{"it went wrong"}},
	}})
	want := `! the supervisor is gone; its processes run on unwatched
PROCESS   STATE    PID   URL                    UPTIME  CPU    MEMORY   RESTARTS  MODULES
brüker-0  healthy  4711  http://127.0.0.1:8001  1m1s    0.2 %  12.3 MB  2         a,b
job-0     backoff  -                            -       -      -        0
! job-0 backoff: exit code 3
    it went wrong
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestWhatOthersWroteIsNoOrderToTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = "a\x1b]52;c;eA==\a\r\u009b2J\u202e\nforged"
	const safe = `a\r\u009b2J\u202e\nforged`
	var b bytes.Buffer
	out := Terminal{&b}
	out.Event(supervise.Event{Process: "a-0", State: supervise.Failed, Detail: evil})
	out.Event(supervise.Event{Warning: evil})
	out.Status(supervise.Status{Running: true, Supervisor: supervise.SupervisorStatus{Alive: true}, Warnings: []string{evil},
		Processes: []supervise.ProcessStatus{{Name: "a-0", State: supervise.Failed, Detail: evil, LastLines: []string{evil}}}})
	out.Error(&supervise.StartError{Failures: []supervise.Failure{{Process: "a-0", Detail: "exit code 1", Lines: []string{"\x1b[2Jlast\b"}}}})
	want := "✗ a-0                failed: " + safe + "\n! " + safe + `
PROCESS  STATE   PID  URL  UPTIME  CPU  MEMORY  RESTARTS  MODULES
a-0      failed  -         -       -    -       0
! ` + safe + "\n! a-0 failed: " + safe + "\n    " + safe + `
muster: error: a-0 did not start: exit code 1
    last\x08
`
	if b.String() != want {
		t.Errorf("got\n%q\nwant\n%q", b.String(), want)
	}
	b.Reset()
	if err := JSON(&b, evil); err != nil || !strings.Contains(b.String(), `\u009b2J\u202e`) {
		t.Errorf("%q, %v", b.String(), err)
	}
}

func TestRoutesAndPanelsAreAligned(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	Terminal{&b}.Routes([][]string{{"rest", "/api/x/", "x", "127.0.0.1:1", ""}, {"rest", "/y/", "-", "", "no server has y"}})
	Terminal{&b}.Panel([][2]string{{"page", "http://x"}, {"log", "/50 %/log"}})
	Terminal{&b}.Progress("nginx", 1_000_000, 2_000_000)
	Terminal{&b}.Progress("nginx", 2_000_000, 2_000_000)
	want := `KIND  URL      SERVER  INSTANCES
rest  /api/x/  x       127.0.0.1:1
rest  /y/      -                    no server has y

  page  http://x
  log   /50 %/log

· nginx: 2.0 MB
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestColoursAreForTerminalsOnly(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer terminal.Close()
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	if got := paint(terminal, color.FgRed, "wrong"); !strings.HasPrefix(got, "\x1b[31m") || !strings.Contains(got, "wrong") {
		t.Errorf("on a terminal: %q", got)
	}
	if got := paint(file, color.FgRed, "wrong"); got != "wrong" {
		t.Errorf("in a file: %q", got)
	}
	t.Setenv("NO_COLOR", "1")
	if got := paint(terminal, color.FgRed, "wrong"); got != "wrong" {
		t.Errorf("under NO_COLOR: %q", got)
	}
}
