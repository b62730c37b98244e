package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"

	"muster/internal/local"
)

// stampFile lies inside node_modules, so that it goes when they do.
const stampFile = ".muster-installed"

// fingerprint changes when the packages, their lock or Node.js do.
func (n *nodeProject) fingerprint(node string, manifest []byte) string {
	h := sha256.New()
	h.Write(manifest)
	lockfile, _ := os.ReadFile(filepath.Join(n.dir, "package-lock.json"))
	h.Write([]byte("\x00" + strconv.Itoa(len(lockfile)) + "\x00"))
	h.Write(lockfile)
	m := markOf(node)
	h.Write([]byte(m.Path + "\x00" + strconv.FormatInt(m.Time, 10) + "\x00" + strconv.FormatInt(m.Size, 10)))
	return hex.EncodeToString(h.Sum(nil)) + "\n"
}

func (n *nodeProject) stamped(fingerprint string) bool {
	data, err := os.ReadFile(filepath.Join(n.dir, "node_modules", stampFile))
	return err == nil && string(data) == fingerprint
}

func (n *nodeProject) stamp(fingerprint string) error {
	return local.Write(filepath.Join(n.dir, "node_modules", stampFile), []byte(fingerprint), 0o600)
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

// installed tells whether node_modules is what the lock says, going by what
// npm itself noted. A stopped npm ci has no such note.
func (n *nodeProject) installed() bool {
	var want, have lockfile
	if !readJSON(filepath.Join(n.dir, "package-lock.json"), &want) ||
		!readJSON(filepath.Join(n.dir, "node_modules", ".package-lock.json"), &have) {
		return false
	}
	for path, p := range want.Packages {
		if path == "" {
			continue // the project itself
		}
		got, ok := have.Packages[path]
		if !ok && (p.Optional || p.DevOpt || p.Peer) {
			continue // for another system, perhaps
		}
		if !ok || got.Version != p.Version || got.Integrity != p.Integrity || !exists(filepath.Join(n.dir, path)) {
			return false
		}
	}
	return true
}

func readJSON(path string, into any) bool {
	data, err := os.ReadFile(path)
	return err == nil && json.Unmarshal(data, into) == nil
}
