package toolchain

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"muster/internal/workspace"
)

// manager is how a package manager of Node.js is called.
type manager struct {
	name            string
	locked, install []string // arguments: to install what the lock says, and without a lock
	quiet           []string // further ones, of no interest to a person
	marks           []string // files that an installation leaves at its end, below the root
}

// yarnPnP is what Yarn's Plug'n'Play has in place of node_modules.
const yarnPnP = ".pnp.cjs"

// managerOf is the manager of a workspace. Each one's marks: npm's hidden lock
// (docs.npmjs.com: package-lock.json), pnpm's .modules.yaml, .yarn-integrity of Yarn 1,
// .yarn-state.yml or .pnp.cjs with its install state of those that followed. Bun
// leaves none: its folder has to do.
func managerOf(w workspace.Node) manager {
	m := manager{name: w.Manager, install: []string{"install"}}
	switch m.name {
	case workspace.PNPM:
		m.locked, m.marks = []string{"install", "--frozen-lockfile"}, []string{"node_modules/.modules.yaml"}
	case workspace.Bun:
		m.locked, m.marks = []string{"install", "--frozen-lockfile"}, []string{"node_modules"}
	case workspace.Yarn:
		m.locked = []string{"install", "--immutable"}
		m.marks = []string{"node_modules/.yarn-state.yml", yarnPnP, ".yarn/install-state.gz"}
		if isYarn1(w) {
			m.locked, m.marks = []string{"install", "--frozen-lockfile"}, []string{"node_modules/.yarn-integrity"}
		}
	default:
		m.locked, m.marks = []string{"ci"}, []string{"node_modules/.package-lock.json"}
		m.quiet = []string{"--no-audit", "--no-fund", "--loglevel=error"}
	}
	return m
}

// isYarn1 tells Yarn 1 from those that followed, which know other options.
func isYarn1(w workspace.Node) bool {
	if lock, err := os.ReadFile(w.Lock); err == nil {
		return !bytes.Contains(lock, []byte("__metadata:"))
	}
	return strings.HasPrefix(w.Version, "1.") || w.Version == "" && !exists(filepath.Join(w.Root, ".yarnrc.yml"))
}

// get is what to type to have the manager, which is for a person to do: it is for all
// projects on the machine.
func (m manager) get(version string, corepack bool) string {
	switch {
	case corepack && m.name != workspace.Bun:
		return "corepack enable " + m.name
	case m.name == workspace.Yarn && version != "" && !strings.HasPrefix(version, "1."):
		return "npm install -g corepack && corepack enable yarn"
	case version != "":
		return "npm install -g " + m.name + "@" + version
	}
	return "npm install -g " + m.name
}
