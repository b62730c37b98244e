package workspace

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// The package managers of Node.js.
const (
	NPM  = "npm"
	PNPM = "pnpm"
	Yarn = "yarn"
	Bun  = "bun"
)

// locks are the files in which each manager keeps what it has chosen.
var locks = []struct {
	manager string
	files   []string
}{
	{NPM, []string{"package-lock.json", "npm-shrinkwrap.json"}},
	{PNPM, []string{"pnpm-lock.yaml"}},
	{Yarn, []string{"yarn.lock"}},
	{Bun, []string{"bun.lock", "bun.lockb"}},
}

// Node is what a folder with a package.json is part of.
type Node struct {
	Manager string // NPM, PNPM, Yarn or Bun
	Version string // of the manager, as the project asks for it; "" is any
	Root    string // the folder in which the manager installs
	Lock    string // path of its lock file; "" is none
}

// OfNode looks from a folder upward, as Folders does: the nearest package.json with a
// packageManager says which one it is, or the nearest lock file. The workspace begins
// where a lock file is or the workspace is declared that the folder is a member of.
func OfNode(dir, top string) Node {
	n := Node{Root: dir}
	folders := Folders(dir, top)
	for _, folder := range folders {
		if n.Manager, n.Version = managerOf(folder); n.Manager != "" {
			break
		}
	}
	if n.Manager == "" {
		n.Manager = NPM
	}
	if lockOf(dir, n.Manager) == "" {
		for _, folder := range folders {
			if isMember(folder, dir) {
				n.Root = folder
				break
			}
		}
	}
	n.Lock = lockOf(n.Root, n.Manager)
	return n
}

// manifest is what matters here of a package.json.
type manifest struct {
	PackageManager string `json:"packageManager"` // such as pnpm@9.1.0+sha512.…
	DevEngines     struct {
		PackageManager struct {
			Name string `json:"name"`
		} `json:"packageManager"`
	} `json:"devEngines"`
	Workspaces json.RawMessage `json:"workspaces"`
}

func manifestOf(dir string) (m manifest) {
	data, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil || json.Unmarshal(data, &m) != nil {
		return manifest{}
	}
	return m
}

// managerOf is the manager that a folder names, or that has left its lock there.
func managerOf(dir string) (name, version string) {
	m := manifestOf(dir)
	name, version, _ = strings.Cut(m.PackageManager, "@")
	version, _, _ = strings.Cut(version, "+")
	if name == "" {
		name = m.DevEngines.PackageManager.Name
	}
	if slices.Contains([]string{NPM, PNPM, Yarn, Bun}, name) {
		if strings.Trim(version, "0123456789.abcdefghijklmnopqrstuvwxyz-") != "" {
			version = ""
		}
		return name, version
	}
	for _, l := range locks {
		if lockOf(dir, l.manager) != "" {
			return l.manager, ""
		}
	}
	if exists(filepath.Join(dir, pnpmWorkspace)) {
		return PNPM, ""
	}
	return "", ""
}

const pnpmWorkspace = "pnpm-workspace.yaml"

func lockOf(dir, manager string) string {
	for _, l := range locks {
		for _, name := range l.files {
			if file := filepath.Join(dir, name); l.manager == manager && exists(file) {
				return file
			}
		}
	}
	return ""
}

// isMember tells whether a folder declares a workspace that has another one in it.
func isMember(root, dir string) bool {
	patterns := workspacesOf(root)
	rel, err := filepath.Rel(root, dir)
	if err != nil || patterns == nil {
		return false
	}
	if rel == "." {
		return true
	}
	member := false
	for _, p := range patterns {
		p, not := strings.CutPrefix(p, "!")
		p = path.Clean(p)
		if match(strings.Split(p, "/"), strings.Split(filepath.ToSlash(rel), "/")) {
			member = !not
		}
	}
	return member
}

// workspacesOf are the patterns of the members' folders; nil where there is no
// workspace.
func workspacesOf(dir string) (patterns []string) {
	if data, err := os.ReadFile(filepath.Join(dir, pnpmWorkspace)); err == nil {
		var w struct {
			Packages []string `yaml:"packages"`
		}
		if yaml.Unmarshal(data, &w) == nil && w.Packages != nil {
			return w.Packages
		}
	}
	m := manifestOf(dir)
	var long struct {
		Packages []string `json:"packages"`
	}
	if json.Unmarshal(m.Workspaces, &patterns) != nil && json.Unmarshal(m.Workspaces, &long) == nil {
		patterns = long.Packages
	}
	return patterns
}

// match tells whether a pattern's segments are those of a path. "**" is any number of
// them: what follows the last one that was met is tried ever further behind, which takes
// no more than the one's length times the other's.
func match(pattern, segments []string) bool {
	last, from := -1, 0
	p := 0
	for s := 0; s < len(segments); {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			last, from = p, s
			p++
		case p < len(pattern) && matchOne(pattern[p], segments[s]):
			p, s = p+1, s+1
		case last >= 0:
			from++
			p, s = last+1, from
		default:
			return false
		}
	}
	return !slices.ContainsFunc(pattern[p:], func(rest string) bool { return rest != "**" })
}

func matchOne(pattern, segment string) bool {
	ok, err := path.Match(pattern, segment)
	return err == nil && ok
}
