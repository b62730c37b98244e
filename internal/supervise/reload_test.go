package supervise

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/internal/plan"
)

// reloadingApp is a uvicorn application that can be broken and mended.
func reloadingApp(t *testing.T, pr *project) (source string) {
	t.Helper()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import uvicorn").Run(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s cannot import uvicorn", python)
		}
		t.Skipf("%s cannot import uvicorn", python)
	}
	p := pr.addListening("app-0")
	source = filepath.Join(p.Dir, "app.py")
	p.Exe = python
	p.Args = []string{python, "-m", "uvicorn", "app:app", "--fd", "3", "--reload", "--reload-dir", p.Dir}
	p.Env = []string{"PYTHONUNBUFFERED=1"}
	p.Reload = true
	return source
}

const goodApp = `
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
`

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAReloaderThatCannotImportFailsTheStartAtOnce(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	write(t, reloadingApp(t, pr), "raise RuntimeError('broken on purpose')\n")
	began := time.Now()
	_, err := pr.client().Start(t.Context(), pr.plan, StartOptions{})
	if err == nil || !strings.Contains(err.Error(), "broken on purpose") {
		t.Errorf("start: %v", err)
	}
	if took := time.Since(began); took > pr.plan.Processes[0].Health.StartPeriod {
		t.Errorf("took %s", took)
	}
	if left := pr.marked(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

func TestAReloaderWithoutAWorkerIsUnhealthyUntilTheNextChange(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	source := reloadingApp(t, pr)
	write(t, source, goodApp)
	pr.start(StartOptions{})
	before := pr.process("app-0")
	// uvicorn takes what it sees at its first look for unchanged, also after a
	// reload: a change may have to be told twice, but not before a worker had the
	// time to load it.
	var written time.Time
	rewrite := func(text string) {
		if time.Since(written) > patience/4 {
			write(t, source, text)
			written = time.Now()
		}
	}
	eventually(t, "app-0 waits for a change", func() bool {
		rewrite("raise RuntimeError('broken on purpose')\n")
		p := pr.process("app-0")
		return p.State == Unhealthy && strings.Contains(p.Detail, "worker")
	})
	written = time.Time{}
	eventually(t, "app-0 is healthy again", func() bool {
		rewrite(goodApp + "\n")
		return pr.process("app-0").State == Healthy
	})
	if p := pr.process("app-0"); p.PID != before.PID || p.Restarts != 0 {
		t.Errorf("it was restarted: %+v", p)
	}
}

func TestAKilledReloadWorkerIsReplaced(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	write(t, reloadingApp(t, pr), goodApp)
	pr.start(StartOptions{})
	before := pr.process("app-0")
	for _, pid := range childPIDs(before.PID) {
		kill(t, pid, syscall.SIGKILL)
	}
	eventually(t, "app-0 is healthy with a new worker", func() bool {
		p := pr.process("app-0")
		return p.State == Healthy && p.PID != before.PID && p.Restarts == 1
	})
}

func TestAWorkerThatEndsWithItsReloaderIsLeftAlone(t *testing.T) {
	t.Parallel()
	self, err := identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for state, c := range map[State]*child{Stopped: nil, Backoff: nil, Stopping: {id: self}} {
		p := newProcess(&Supervisor{ctx: t.Context()}, plan.Process{Name: "app-0", Reload: true})
		p.now.state, p.child = state, c
		p.onWorkerEnded() // the news may come late
		if p.ticker != nil || p.now.state != state {
			t.Errorf("%s: state %s, ticker %v", state, p.now.state, p.ticker)
		}
	}
}
