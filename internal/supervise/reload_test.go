package supervise

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/internal/proc"
	"muster/templates"
)

// reloadingApp is a uvicorn application that can be broken and mended.
func reloadingApp(t *testing.T, pr *project) (source string) {
	t.Helper()
	python := cmp.Or(os.Getenv("MUSTER_TEST_PYTHON"), "/usr/bin/python3")
	if err := exec.Command(python, "-c", "import uvicorn").Run(); err != nil {
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

// rewriter returns what writes a text, and writes it once more when it is called
// long after: uvicorn takes what it sees at its first look for unchanged, also
// after a reload, but must have the time to load what it has seen.
func rewriter(t *testing.T, source string) func(text string) {
	var last string
	var written time.Time
	return func(text string) {
		if text != last || time.Since(written) > patience/3 {
			write(t, source, text)
			last, written = text, time.Now()
		}
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
	rewrite := rewriter(t, source)
	eventually(t, "app-0 waits for a change", func() bool {
		rewrite("raise RuntimeError('broken on purpose')\n")
		p := pr.process("app-0")
		return p.State == Unhealthy && strings.Contains(p.Detail, "worker")
	})
	eventually(t, "app-0 is healthy again", func() bool {
		rewrite(goodApp + "\n")
		return pr.process("app-0").State == Healthy
	})
	if p := pr.process("app-0"); p.PID != before.PID || p.Restarts != 0 {
		t.Errorf("it was restarted: %+v", p)
	}
}

func TestAReloadersNextWorkerMayLoadAsLongAsTheFirst(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	source := reloadingApp(t, pr)
	p := &pr.plan.Processes[0]
	p.Health.Timeout = 2 * time.Second
	write(t, source, goodApp)
	pr.start(StartOptions{})
	before := pr.process("app-0")
	const load = 6 * time.Second // longer than an answer may take
	rewrite := rewriter(t, source)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	eventually(t, "the next worker answers", func() bool {
		rewrite(fmt.Sprintf("import time\ntime.sleep(%f)\n", load.Seconds()) + strings.Replace(goodApp, `b"ok"`, `b"new"`, 1))
		r, err := client.Get(p.URL)
		if err != nil {
			return false
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		return string(body) == "new"
	})
	if p := pr.process("app-0"); p.PID != before.PID || p.State != Healthy || p.Detail != "" {
		t.Errorf("app-0: %+v", p)
	}
}

func TestAKilledReloadWorkerIsReplaced(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	write(t, reloadingApp(t, pr), goodApp)
	pr.start(StartOptions{})
	before := pr.process("app-0")
	for _, pid := range proc.Children(before.PID) {
		kill(t, pid, syscall.SIGKILL)
	}
	eventually(t, "app-0 is healthy with a new worker", func() bool {
		p := pr.process("app-0")
		return p.State == Healthy && p.PID != before.PID && p.Restarts == 1
	})
}

func TestAStartThatWritesItsOwnSourcesEndsItsReloadLoop(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	source := reloadingApp(t, pr)
	p := &pr.plan.Processes[0]
	program := filepath.Join(t.TempDir(), "uvicorn_reload.py")
	write(t, program, string(templates.UvicornReload))
	p.Args = append([]string{p.Exe, program}, p.Args[3:]...)
	p.ReloadDirs = []string{p.Dir}
	gen := filepath.Join(p.Dir, "gen")
	// It is written late enough for the reloader to have seen it as it was.
	app := "import pathlib, threading\n" +
		"def generate():\n    pathlib.Path('gen').mkdir(exist_ok=True)\n    pathlib.Path('gen/models.py').write_text('A = 1')\n" +
		"threading.Timer(0.6, generate).start()\n" + goodApp
	write(t, source, app)
	if err := os.Mkdir(gen, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(gen, "models.py"), "")
	pr.start(StartOptions{})
	eventually(t, "the loop is told of", func() bool {
		p := pr.process("app-0")
		return p.State == Healthy && strings.Contains(p.Detail, gen) && strings.Contains(p.Detail, "reload_exclude")
	})
	if log := pr.log(supervisorName); strings.Count(log, "each start writes") != 1 {
		t.Errorf("supervisor's log: %s", log)
	}
	// The developer's own changes are seen as before, and nothing else is.
	edit := rewriter(t, source)
	eventually(t, "an edit is served", func() bool {
		edit(strings.Replace(app, `b"ok"`, `b"new"`, 1))
		answer, err := http.Get(pr.process("app-0").URL)
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		return string(b) == "new"
	})
	if n := strings.Count(pr.log("app-0"), "gen/models.py. Reloading"); n > 3 {
		t.Errorf("it was reloaded %d times for what it writes", n)
	}
}
