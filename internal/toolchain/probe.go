package toolchain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// interpreter is a Python that was asked what it has.
type interpreter struct {
	path       string   // absolute; what it calls itself, so that a shim is looked through
	version    string   // such as 3.11
	missing    []string // modules without which nothing runs
	webSockets bool
	canVenv    bool     // can make a venv with pip in it
	origins    []string // files of the modules found
	err        error    // it did not answer
}

// usable tells whether the interpreter has everything.
func (p *interpreter) usable() bool {
	return p.err == nil && len(p.missing) == 0 && p.webSockets
}

// reason says why the interpreter will not do.
func (p *interpreter) reason() string {
	switch {
	case p.err != nil:
		return p.err.Error()
	case len(p.missing) > 0:
		return "(" + p.version + ") lacks " + strings.Join(p.missing, ", ")
	}
	return "(" + p.version + ") has neither websockets nor wsproto, which WebSockets need"
}

// probeScript asks where modules are without importing them: importing
// FastAPI takes half a second. The folder that the interpreter runs in is
// taken off the path, so that a folder of the project is no module.
const probeScript = `import sys
sys.path[:] = [p for p in sys.path if p]
from importlib.util import find_spec
def origin(name):
    try:
        spec = find_spec(name)
    except Exception:
        spec = None
    return (spec.origin or "") if spec else ""
print("\nmuster-probe")
print("executable=" + (sys.executable or ""))
print("version=%d.%d.%d" % sys.version_info[:3])
for name in ("venv", "ensurepip", "fastapi", "uvicorn", "websockets", "wsproto"):
    print(name + "=" + origin(name))
`

// oldest is the first Python that today's FastAPI and Debian's both know.
const oldest = 8 // 3.8

// probe asks an interpreter what it has, once.
func (f *finder) probe(ctx context.Context, path string) *interpreter {
	if p, ok := f.probes[path]; ok {
		return p
	}
	if f.probes == nil {
		f.probes = map[string]*interpreter{}
	}
	f.probes[path] = f.ask(ctx, path)
	return f.probes[path]
}

func (f *finder) ask(ctx context.Context, path string) *interpreter {
	p := &interpreter{path: path}
	if !exists(path) {
		p.err = errors.New("is not there")
		if _, err := os.Lstat(path); err == nil {
			p.err = errors.New("points to an interpreter that is gone")
		}
		return p
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second) // a cold disk may take seconds
	defer cancel()
	out, err := run(ctx, command{argv: []string{path, "-c", probeScript}, dir: f.cfg.Backend.Dir, env: f.env})
	if err != nil {
		p.err = err
		return p
	}
	_, answer, ok := strings.Cut(out, "\nmuster-probe\n")
	if !ok {
		p.err = errors.New("does not behave like a Python interpreter")
		return p
	}
	found := map[string]string{}
	for line := range strings.Lines(answer) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		found[key] = value
	}
	if filepath.IsAbs(found["executable"]) {
		p.path = found["executable"]
	}
	release := found["version"]
	major, rest, _ := strings.Cut(release, ".")
	minor, _, _ := strings.Cut(rest, ".")
	p.version = major + "." + minor
	if n, err := strconv.Atoi(minor); major != "3" || err != nil || n < oldest {
		p.err = errors.New("is Python " + p.version + ", older than 3." + strconv.Itoa(oldest))
		return p
	}
	if wanted := f.requiredPython(); !meets(release, wanted) {
		p.err = errors.New("is Python " + release + ", but the project requires " + wanted)
		return p
	}
	p.canVenv = found["venv"] != "" && found["ensurepip"] != ""
	p.webSockets = found["websockets"] != "" || found["wsproto"] != ""
	for _, module := range []string{"fastapi", "uvicorn", "websockets", "wsproto"} {
		switch origin := found[module]; {
		case origin != "":
			p.origins = append(p.origins, origin)
		case module == "fastapi" || module == "uvicorn":
			p.missing = append(p.missing, module)
		}
	}
	return p
}

// onPath takes the first interpreter on PATH that has everything. All are
// asked at once: a shim alone may take a tenth of a second.
func (f *finder) onPath(ctx context.Context) (*interpreter, error) {
	candidates := f.candidates()
	ctx, cancel := context.WithCancel(ctx)
	answers := make([]*interpreter, len(candidates))
	done := make([]chan struct{}, len(candidates))
	// More than one for each processor only delays the first answers, and the
	// first is often the one taken.
	slots := make(chan struct{}, min(runtime.NumCPU(), 4))
	var all sync.WaitGroup
	for i, path := range candidates {
		done[i] = make(chan struct{})
		all.Go(func() {
			defer close(done[i])
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
				answers[i] = f.ask(ctx, path)
			case <-ctx.Done():
			}
		})
	}
	var chosen *interpreter
	for i := range candidates {
		<-done[i]
		if p := answers[i]; p == nil || p.usable() {
			chosen = p
			break
		}
	}
	cancel()
	all.Wait()
	if chosen != nil {
		return chosen, nil
	}
	seen := map[string]bool{}
	for _, p := range answers {
		if p == nil || seen[p.path] {
			continue
		}
		seen[p.path] = true
		f.reject("PATH", p)
		if p.err == nil && p.canVenv {
			f.bases = append(f.bases, p)
		}
	}
	if len(candidates) == 0 {
		f.miss("PATH", "there is no python3")
	}
	return nil, nil
}

// candidates lists the interpreters on PATH, the plain names first, each
// once. Behind PATH come those of the system: a version manager's python3 may
// hide the one that the distribution's packages are for.
func (f *finder) candidates() []string {
	names := []string{"python3", "python"}
	for minor := 16; minor >= oldest; minor-- {
		names = append(names, "python3."+strconv.Itoa(minor))
	}
	var paths []string
	for _, name := range names {
		for _, dir := range filepath.SplitList(variable(f.env, "PATH")) {
			if path := filepath.Join(dir, name); filepath.IsAbs(path) && executable(path) {
				paths = append(paths, path)
			}
		}
	}
	paths = append(paths, slices.DeleteFunc(slices.Clone(f.system), func(path string) bool { return !executable(path) })...)
	var seen []string
	return slices.DeleteFunc(paths, func(path string) bool {
		key := interpreterKey(path)
		if slices.Contains(seen, key) {
			return true
		}
		seen = append(seen, key)
		return false
	})
}

// interpreterKey is equal for two names of one interpreter. Its folder belongs to
// it: a venv's python is a link to another one, and not the same.
func interpreterKey(path string) string {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		dir = filepath.Dir(path)
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		target = path
	}
	return dir + "\x00" + target
}
