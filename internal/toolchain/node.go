package toolchain

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"deps.dev/util/semver"

	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/workspace"
)

// oldestNode is the first Node.js that Vite 5 and later, and the generators
// of clients, run on; a project may ask for more in "engines".
const oldestNode = ">=18"

// Node makes sure that Node.js and the project's package manager are there, recent
// enough for the package.json in dir, and that its packages are what the lock file
// says: else it has the manager install them, in the root of the workspace. The second
// time this costs a few reads. Top is as for workspace.Folders.
func Node(ctx context.Context, dir, top string, report func(string)) error {
	n := &nodeProject{dir: dir, top: top, report: report, env: os.Environ(), refusal: Refusal()}
	return n.ensure(ctx)
}

// FindNode is Node, but it installs nothing: packages that are not there are
// an error.
func FindNode(ctx context.Context, dir, top string) error {
	n := &nodeProject{dir: dir, top: top, report: func(string) {}, env: os.Environ(), refusal: onlyLooking}
	return n.ensure(ctx)
}

// nodeProject is a folder with a package.json, and the world around it.
type nodeProject struct {
	dir    string
	top    string
	report func(string)
	env    []string
	// refusal is why nothing may be installed; "" when it may.
	refusal string
	alive   time.Duration // 0 is aliveEvery

	space   workspace.Node
	manager manager
}

// manifest is what matters here of a package.json.
type manifest struct {
	Engines struct {
		Node string `json:"node"`
	} `json:"engines"`
	Dependencies    map[string]string `json:"dependencies"`
	DevDependencies map[string]string `json:"devDependencies"`
	Workspaces      json.RawMessage   `json:"workspaces"`
}

// needsNothing tells of a package that has nothing to be installed.
func (n *nodeProject) needsNothing(m manifest) bool {
	return len(m.Dependencies)+len(m.DevDependencies)+len(m.Workspaces) == 0 && n.space.Lock == "" && n.space.Root == n.dir
}

func (n *nodeProject) ensure(ctx context.Context) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	file := filepath.Join(n.dir, "package.json")
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("there is no package.json in %s", n.dir)
	case err != nil:
		return fmt.Errorf("read the frontend's package: %w", err)
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("%s is not valid: %w", file, err)
	}
	n.look()
	node := lookPath(n.env, "node")
	if node == "" && n.manager.name != workspace.Bun { // which can run what asks for node
		return n.missing("Node.js", "node")
	}
	if lookPath(n.env, n.manager.name) == "" {
		return n.missing(n.manager.name, n.manager.name)
	}
	fingerprint := n.fingerprint(node, data)
	if n.stamped(fingerprint) {
		return nil
	}
	if err := n.checkVersion(ctx, node, m.Engines.Node); err != nil {
		return err
	}
	if n.needsNothing(m) {
		return nil
	}
	release, err := local.Hold(ctx, n.space.Root, nil)
	if err != nil {
		return err
	}
	defer release()
	if n.stamped(fingerprint) { // another start was faster
		return nil
	}
	if !n.installed(m) {
		if err := n.install(ctx); err != nil {
			return err
		}
		n.look() // an installation writes a lock
		fingerprint = n.fingerprint(node, data)
	}
	return n.stamp(fingerprint)
}

// look finds the manager and the workspace.
func (n *nodeProject) look() {
	n.space = workspace.OfNode(n.dir, n.top)
	n.manager = managerOf(n.space)
}

func (n *nodeProject) checkVersion(ctx context.Context, node, engines string) error {
	if node == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	out, err := run(ctx, command{argv: []string{node, "--version"}, dir: n.dir, env: n.env})
	if err != nil {
		return fmt.Errorf("%s --version %w", node, err)
	}
	version := lastLine(out)
	if _, err := semver.NPM.Parse(version); err != nil {
		return fmt.Errorf("%s does not behave like Node.js", node)
	}
	for _, wanted := range []string{oldestNode, engines} {
		if !satisfies(version, wanted) {
			return &MissingError{
				What:  "Node.js " + wanted,
				Tried: []Attempt{{"PATH", node + " is " + version}},
				Type:  "install a newer Node.js (nodejs.org/en/download), or put the one you have first on PATH",
			}
		}
	}
	return nil
}

func (n *nodeProject) missing(what, program string) error {
	e := &MissingError{
		What:  what + ", which " + n.dir + " needs",
		Tried: []Attempt{{"PATH", "there is no " + program}},
		Type:  "install it from nodejs.org/en/download, or with your package manager",
	}
	switch {
	case program != "node" && program != workspace.NPM:
		e.Type = n.manager.get(n.space.Version, lookPath(n.env, "corepack") != "")
	case isDebian():
		e.Type = "sudo apt-get install nodejs npm"
	}
	return e
}

// install runs the manager in the root of the workspace.
func (n *nodeProject) install(ctx context.Context) error {
	m, args, read := n.manager, n.manager.install, "package.json"
	if n.space.Lock != "" {
		args, read = m.locked, filepath.Base(n.space.Lock)
	}
	what := m.name + " " + args[0]
	typed := "cd " + hint.Word(n.space.Root) + " && " + m.name + " " + strings.Join(args, " ")
	if n.refusal != "" {
		return n.failed(what, n.refusal, typed)
	}
	n.report(what + " in " + n.space.Root + ": the packages of its " + read + "; the first time this takes minutes")
	defer n.tellAlive(what)()
	_, err := run(ctx, command{
		argv: append(append([]string{lookPath(n.env, m.name)}, args...), m.quiet...), dir: n.space.Root, env: n.env,
		line: func(line string) { n.report(m.name + ": " + line) },
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		if strings.Contains(err.Error(), "corepack enable") { // Yarn 1, where the project asks for another one
			typed = m.get(n.space.Version, lookPath(n.env, "corepack") != "")
		}
		return n.failed(what, err.Error(), typed)
	}
	return nil
}

// aliveEvery is how often an installation says that it still runs: npm itself
// says nothing where its output is no terminal.
const aliveEvery = 15 * time.Second

// tellAlive says once in a while that a program runs, until the function that it
// returns is called.
func (n *nodeProject) tellAlive(what string) (stop func()) {
	began, done, ended := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(cmp.Or(n.alive, aliveEvery))
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				n.report(what + " still runs, since " + time.Since(began).Round(time.Second).String())
			}
		}
	}()
	return func() { close(done); <-ended }
}

func (n *nodeProject) failed(what, reason, typed string) error {
	return &MissingError{What: "node_modules in " + n.space.Root, Tried: []Attempt{{what, reason}}, Type: typed}
}
