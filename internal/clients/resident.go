package clients

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"muster/internal/hint"
)

//go:embed resident.mjs
var residentScript string

// restGenerator is the npm package that makes the REST clients: it is kept up,
// its output is plain functions by operationId with types of their own, and
// its fetch client is generated too, so that a page needs no further package.
const restGenerator = "@hey-api/openapi-ts"

// resident is a Node process that keeps the generator loaded: most of a run's
// time is Node's start and loading. It ends when its standard input does, so
// it never outlives its owner, and when it has had nothing to do for a while: it
// takes more memory than all else of ours together.
type resident struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	pipe   *os.File
	log    *lastLines
	mu     sync.Mutex // one request at a time
	broken error
	over   atomic.Bool // broken is set
	idle   time.Duration
	timer  *time.Timer // runs between two requests
	ended  sync.Once
}

// idleTime is how long a generator stays for the next change.
const idleTime = time.Minute

// errIdle says that the process had nothing to do and has ended.
var errIdle = errors.New("the TypeScript generator's process has ended, as it had nothing to do")

// generatorPlace finds the generator's entry and version in the node_modules
// of a folder or of those above it.
func generatorPlace(dir string) (entry, version string, err error) {
	for at := dir; ; at = filepath.Dir(at) {
		pkg := filepath.Join(at, "node_modules", filepath.FromSlash(restGenerator))
		data, err := os.ReadFile(filepath.Join(pkg, "package.json"))
		if err == nil {
			var p struct {
				Version string
				Main    string
			}
			if err := json.Unmarshal(data, &p); err != nil || p.Main == "" {
				return "", "", fmt.Errorf("%s: not a package that can be loaded", filepath.Join(pkg, "package.json"))
			}
			return filepath.Join(pkg, filepath.FromSlash(p.Main)), p.Version, nil
		}
		if at == filepath.Dir(at) {
			return "", "", hint.With(fmt.Errorf("%s is not installed for %s", restGenerator, dir),
				"cd "+hint.Word(dir)+" && npm install --save-dev "+restGenerator+" typescript@"+goodTypeScript)
		}
	}
}

// goodTypeScript is a version that every version of the generator works with.
// From 7 on, the package is a compiler without the library that the generator
// writes its files by.
const goodTypeScript = "5"

// checkTypeScript tells whether the compiler that the generator will load goes
// with it: else it fails in the middle, by a name that nobody knows.
func checkTypeScript(entry, version, dir string) error {
	var known int // versions up to 0.99 are known to need the library
	if _, err := fmt.Sscanf(version, "0.%d", &known); err != nil || known > 99 {
		return nil
	}
	for at := filepath.Dir(entry); at != filepath.Dir(at); at = filepath.Dir(at) {
		data, err := os.ReadFile(filepath.Join(at, "node_modules", "typescript", "package.json"))
		if err != nil {
			continue
		}
		var p struct{ Version string }
		var major int
		if json.Unmarshal(data, &p) != nil {
			return nil
		}
		if _, err := fmt.Sscanf(p.Version, "%d.", &major); err != nil || major < 7 {
			return nil
		}
		return hint.With(fmt.Errorf("%s %s does not go with TypeScript %s, which is in %s: it needs TypeScript 5 or 6", restGenerator, version, p.Version, filepath.Join(at, "node_modules")),
			"cd "+hint.Word(dir)+" && npm install --save-dev typescript@"+goodTypeScript)
	}
	return nil
}

// startResident starts Node with the generator loaded. warm makes it run a few
// times on a made-up document: a run costs a third once its code is compiled.
func startResident(ctx context.Context, dir string, warm bool, idle time.Duration) (*resident, error) {
	entry, version, err := generatorPlace(dir)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(entry); err == nil {
		entry = real // from where Node looks for what it loads
	}
	if err := checkTypeScript(entry, version, dir); err != nil {
		return nil, err
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, hint.With(errors.New("cannot find node, which runs the TypeScript generator"), "install Node.js 20 or newer")
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close()
	mode := "cold"
	if warm {
		mode = "warm"
	}
	// The generator makes much garbage: with a larger nursery it is a third faster.
	cmd := exec.CommandContext(ctx, node, "--max-semi-space-size=64", "--input-type=module", "--eval", residentScript, "--", entry, mode)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	r := &resident{cmd: cmd, out: bufio.NewReader(read), pipe: read, log: &lastLines{}, idle: idle}
	cmd.Stdout, cmd.Stderr = r.log, r.log // the generator prints; answers come on descriptor 3
	cmd.ExtraFiles = []*os.File{write}
	if r.in, err = cmd.StdinPipe(); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		read.Close()
		return nil, fmt.Errorf("starting node: %w", err)
	}
	r.timer = time.AfterFunc(idle, r.retire)
	return r, nil
}

// fail notes why no request is taken any more. The caller holds mu.
func (r *resident) fail(why error) error {
	r.broken = why
	r.over.Store(true)
	return why
}

// retire ends the process, unless it is at work.
func (r *resident) retire() {
	if !r.mu.TryLock() {
		return // the timer runs anew behind that request
	}
	defer r.mu.Unlock()
	if r.broken == nil {
		r.fail(errIdle)
		r.close()
	}
}

// generate runs the generator once, from a document's file into a folder.
func (r *resident) generate(ctx context.Context, input, output string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return r.broken
	}
	r.timer.Stop()
	defer r.timer.Reset(r.idle)
	line, err := json.Marshal(map[string]string{"input": input, "output": output})
	if err != nil {
		return err
	}
	type result struct {
		line []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		if _, err := r.in.Write(append(line, '\n')); err != nil {
			done <- result{nil, err}
			return
		}
		l, err := r.out.ReadBytes('\n')
		done <- result{l, err}
	}()
	var got result
	select {
	case got = <-done:
	case <-ctx.Done():
		r.fail(ctx.Err())
		r.cmd.Process.Kill()
		<-done
		return ctx.Err()
	}
	if got.err != nil {
		return r.fail(fmt.Errorf("the TypeScript generator's process ended: %s", r.log.text()))
	}
	var a struct {
		OK    bool
		Error string
	}
	if err := json.Unmarshal(got.line, &a); err != nil {
		return r.fail(fmt.Errorf("the TypeScript generator's process answered %q", got.line))
	}
	if !a.OK {
		return fmt.Errorf("%s: %s", restGenerator, a.Error)
	}
	return nil
}

// close ends the process and waits for it.
func (r *resident) close() {
	r.ended.Do(func() {
		r.timer.Stop()
		r.in.Close()
		timer := time.AfterFunc(time.Second, func() { r.cmd.Process.Kill() })
		r.cmd.Wait()
		timer.Stop()
		r.pipe.Close()
	})
}

// lastLines keeps the end of what a process printed.
type lastLines struct {
	mu  sync.Mutex
	buf []byte
}

func (t *lastLines) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const most = 64 << 10 // a trace may be long
	t.buf = append(t.buf, p...)
	if len(t.buf) > most {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-most:]...)
	}
	return len(p), nil
}

func (t *lastLines) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return causes(string(t.buf))
}

// causes is what a failed program said of the reason: its last lines but those
// of the stack, which say where in the program it was.
func causes(text string) string {
	const most = 8
	var lines []string
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "", strings.HasPrefix(trimmed, "at "), strings.HasPrefix(trimmed, "Node.js v"), strings.Trim(trimmed, "^~{}[](),") == "":
		default:
			lines = append(lines, strings.TrimRight(line, "\r\n"))
		}
	}
	return strings.TrimSpace(strings.Join(lines[max(0, len(lines)-most):], "\n"))
}
