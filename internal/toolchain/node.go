package toolchain

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"deps.dev/util/semver"

	"muster/internal/hint"
	"muster/internal/local"
)

// oldestNode is the first Node.js that Vite 5 and later, and the generators
// of clients, run on; a project may ask for more in "engines".
const oldestNode = ">=18"

// Node makes sure that Node.js and npm are there, recent enough for the
// package.json in dir, and that dir/node_modules is what package-lock.json
// says: else it runs npm ci (npm install where there is no lock). The second
// time this costs a few reads.
func Node(ctx context.Context, dir string, report func(string)) error {
	n := &nodeProject{dir: dir, report: report, env: os.Environ(), refusal: Refusal()}
	return n.ensure(ctx)
}

// FindNode is Node, but it installs nothing: packages that are not there are
// an error.
func FindNode(ctx context.Context, dir string) error {
	n := &nodeProject{dir: dir, report: func(string) {}, env: os.Environ(), refusal: onlyLooking}
	return n.ensure(ctx)
}

// nodeProject is a folder with a package.json, and the world around it.
type nodeProject struct {
	dir    string
	report func(string)
	env    []string
	// refusal is why nothing may be installed; "" when it may.
	refusal string
	alive   time.Duration // 0 is aliveEvery
}

// manifest is what matters here of a package.json.
type manifest struct {
	Engines struct {
		Node string `json:"node"`
	} `json:"engines"`
	PackageManager string `json:"packageManager"`
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
	node := lookPath(n.env, "node")
	if node == "" {
		return n.missing("Node.js", "node")
	}
	if lookPath(n.env, "npm") == "" {
		return n.missing("npm", "npm")
	}
	fingerprint := n.fingerprint(node, data)
	if n.stamped(fingerprint) {
		return nil
	}
	if err := n.checkVersion(ctx, node, m.Engines.Node); err != nil {
		return err
	}
	release, err := local.Hold(ctx, n.dir, nil)
	if err != nil {
		return err
	}
	defer release()
	if n.stamped(fingerprint) { // another start was faster
		return nil
	}
	if !n.installed() {
		if err := n.install(ctx, m); err != nil {
			return err
		}
		fingerprint = n.fingerprint(node, data) // npm install writes a lock
	}
	return n.stamp(fingerprint)
}

func (n *nodeProject) checkVersion(ctx context.Context, node, engines string) error {
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
		What:  what + ", which the frontend needs",
		Tried: []Attempt{{"PATH", "there is no " + program}},
		Type:  "install it from nodejs.org/en/download, or with your package manager",
	}
	if isDebian() {
		e.Type = "sudo apt-get install nodejs npm"
	}
	return e
}

// install runs npm. Another package manager's lock is not npm's to ignore.
func (n *nodeProject) install(ctx context.Context, m manifest) error {
	lockfile := filepath.Join(n.dir, "package-lock.json")
	args := []string{"ci"}
	if !exists(lockfile) {
		for _, other := range []struct{ lock, tool string }{{"pnpm-lock.yaml", "pnpm"}, {"yarn.lock", "yarn"}, {"bun.lock", "bun"}} {
			if !exists(filepath.Join(n.dir, other.lock)) {
				continue
			}
			if exists(filepath.Join(n.dir, "node_modules")) {
				return nil
			}
			return &MissingError{
				What:  "node_modules in " + n.dir,
				Tried: []Attempt{{"npm", "the project is locked by " + other.tool}},
				Type:  "cd " + hint.Word(n.dir) + " && " + other.tool + " install",
			}
		}
		args = []string{"install"}
	}
	if n.refusal != "" {
		return n.failed(args[0], n.refusal)
	}
	npm := lookPath(n.env, "npm")
	args = append(args, "--no-audit", "--no-fund", "--loglevel=error")
	n.report("npm " + args[0] + " in " + n.dir + ": the packages of its " + whatIsRead(args[0]) + "; the first time this takes minutes")
	defer n.tellAlive("npm " + args[0])()
	_, err := run(ctx, command{
		argv: append([]string{npm}, args...), dir: n.dir, env: n.env,
		line: func(line string) { n.report("npm: " + line) },
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return n.failed(args[0], err.Error())
	}
	return nil
}

func whatIsRead(command string) string {
	if command == "ci" {
		return "package-lock.json"
	}
	return "package.json"
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

func (n *nodeProject) failed(command, reason string) error {
	return &MissingError{
		What:  "node_modules in " + n.dir,
		Tried: []Attempt{{"npm " + command, reason}},
		Type:  "cd " + hint.Word(n.dir) + " && npm " + command,
	}
}
