package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"muster/internal/local"
	"muster/internal/workspace"
)

// stampFile lies inside the root's node_modules, so that it goes when they do. A
// member of the workspace has one of its own.
const stampFile = ".muster-installed"

func (n *nodeProject) stampPath() string {
	name := stampFile
	if rel, err := filepath.Rel(n.space.Root, n.dir); err == nil && rel != "." {
		name += "-" + strings.ReplaceAll(filepath.ToSlash(rel), "/", "-")
	}
	return filepath.Join(n.space.Root, "node_modules", name)
}

// fingerprint changes when the packages, their lock or Node.js do.
func (n *nodeProject) fingerprint(node string, manifest []byte) string {
	h := sha256.New()
	h.Write(manifest)
	lockfile, _ := os.ReadFile(n.space.Lock)
	h.Write([]byte("\x00" + strconv.Itoa(len(lockfile)) + "\x00"))
	h.Write(lockfile)
	m := markOf(node)
	h.Write([]byte(m.Path + "\x00" + strconv.FormatInt(m.Time, 10) + "\x00" + strconv.FormatInt(m.Size, 10)))
	return hex.EncodeToString(h.Sum(nil)) + "\n"
}

func (n *nodeProject) stamped(fingerprint string) bool {
	data, err := os.ReadFile(n.stampPath())
	return err == nil && string(data) == fingerprint
}

// stamp notes an installation. Yarn's Plug'n'Play has no node_modules, and its own
// marks have to do.
func (n *nodeProject) stamp(fingerprint string) error {
	file := n.stampPath()
	if !exists(filepath.Dir(file)) {
		return nil
	}
	return local.Write(file, []byte(fingerprint), 0o600)
}

// lockfile is what matters here of npm's package-lock.json, and of the copy
// that npm leaves in node_modules/.package-lock.json at the end of an install
// (docs.npmjs.com: package-lock.json, hidden lockfiles).
type lockfile struct {
	Packages map[string]struct {
		Version   string `json:"version"`
		Integrity string `json:"integrity"`
		Optional  bool   `json:"optional"`
		DevOpt    bool   `json:"devOptional"`
		Peer      bool   `json:"peer"`
	} `json:"packages"`
}

// installed tells whether the packages are there as the lock says, going by what the
// manager itself leaves at the end of an installation: one that was stopped has not.
func (n *nodeProject) installed(m manifest) bool {
	if n.manager.name == workspace.NPM && n.space.Lock != "" {
		return n.asLocked()
	}
	mark := n.mark()
	if mark.Path == "" || mark.Time+int64(afterMark) < markOf(n.space.Lock).Time {
		return false
	}
	return n.manager.name == workspace.Yarn && exists(filepath.Join(n.space.Root, yarnPnP)) ||
		n.hasAll(m.Dependencies) && n.hasAll(m.DevDependencies)
}

// afterMark is how long after its mark a manager may write its lock: pnpm and Yarn 1
// write that last.
const afterMark = 2 * time.Second

// mark is the newest of the files that the manager leaves.
func (n *nodeProject) mark() (newest mark) {
	for _, name := range n.manager.marks {
		if m := markOf(filepath.Join(n.space.Root, name)); m.Time > newest.Time {
			newest = m
		}
	}
	return newest
}

// hasAll tells whether packages are there, for the project or for the workspace.
func (n *nodeProject) hasAll(packages map[string]string) bool {
	for name := range packages {
		if !exists(filepath.Join(n.dir, "node_modules", name)) && !exists(filepath.Join(n.space.Root, "node_modules", name)) {
			return false
		}
	}
	return true
}

// asLocked compares npm's lock with the copy that it leaves.
func (n *nodeProject) asLocked() bool {
	var want, have lockfile
	if !readJSON(n.space.Lock, &want) || !readJSON(filepath.Join(n.space.Root, "node_modules", ".package-lock.json"), &have) {
		return false
	}
	for path, p := range want.Packages {
		if !strings.Contains(path, "node_modules/") {
			continue // the project itself, and the members of its workspace
		}
		got, ok := have.Packages[path]
		if !ok && (p.Optional || p.DevOpt || p.Peer) {
			continue // for another system, perhaps
		}
		if !ok || got.Version != p.Version || got.Integrity != p.Integrity || !exists(filepath.Join(n.space.Root, path)) {
			return false
		}
	}
	return true
}

func readJSON(path string, into any) bool {
	data, err := os.ReadFile(path)
	return err == nil && json.Unmarshal(data, into) == nil
}
