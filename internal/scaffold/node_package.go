package scaffold

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// nodePackage is what matters here of a package.json.
type nodePackage struct {
	dir             string
	Name            string            `json:"name"`
	Scripts         map[string]string `json:"scripts"`
	Dependencies    map[string]string `json:"dependencies"`
	DevDependencies map[string]string `json:"devDependencies"`
	PackageManager  string            `json:"packageManager"`
	Workspaces      json.RawMessage   `json:"workspaces"`
}

func (d *draft) nodePackage(dir string) *nodePackage {
	text := d.text(join(dir, "package.json"))
	if text == "" {
		return nil
	}
	n := nodePackage{dir: dir}
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		d.leave(place{join(dir, "package.json"), 1}, "cannot be read: %v", err)
		return nil
	}
	return &n
}

func (n *nodePackage) has(names ...string) bool {
	for _, name := range names {
		if n.Dependencies[name] != "" || n.DevDependencies[name] != "" {
			return true
		}
	}
	return false
}

// manager is the package manager of a folder, by what stands there or above.
func (d *draft) manager(dir string) (tool, root string) {
	if globs := d.workspaces(); globs != nil && matches(globs, dir) {
		dir = "" // the packages of a workspace are got at its root
	}
	for at := dir; ; at = slashDir(at) {
		if n := d.quietPackage(at); n != nil && n.PackageManager != "" {
			tool, _, _ := strings.Cut(n.PackageManager, "@")
			if contains([]string{"npm", "pnpm", "yarn", "bun"}, tool) {
				return tool, at
			}
		}
		for _, l := range []struct{ lock, tool string }{{"pnpm-lock.yaml", "pnpm"}, {"pnpm-workspace.yaml", "pnpm"}, {"yarn.lock", "yarn"},
			{"bun.lock", "bun"}, {"bun.lockb", "bun"}, {"package-lock.json", "npm"}} {
			if d.exists(join(at, l.lock)) {
				return l.tool, at
			}
		}
		if at == "" {
			return "npm", dir
		}
	}
}

// script is the one that is run while somebody develops.
func (n *nodePackage) script() string {
	for _, name := range []string{"dev", "start:dev", "develop", "serve", "start"} {
		if n.Scripts[name] != "" {
			return name
		}
	}
	return ""
}

// packageName is what a package's folder is called or, for the repository's own, other.
func (d *draft) packageName(n *nodePackage, other string) string {
	if n.dir == "" {
		return other
	}
	return path.Base(n.dir)
}

// manifests are the folders that have one, the outermost of each kind: what lies
// below a Python project or a Go module is its own.
func (d *draft) manifests() (dirs []string) {
	globs := d.workspaces()
	var python []string
	add := func(dir string) {
		if !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	var loose []string // applications without a manifest
	d.walk("", 3, func(rel string) bool {
		dir := slashDir(rel)
		switch path.Base(rel) {
		case "package.json":
			if dir == "" || globs == nil && path.Base(dir) != "docs" || matches(globs, dir) {
				add(dir)
			}
		case "go.mod", "pom.xml", "build.gradle", "build.gradle.kts", "Cargo.toml":
			add(dir)
		case "pyproject.toml", "requirements.txt", "Pipfile", "manage.py", "setup.py":
			python = append(python, dir)
		case path.Base(dir) + ".csproj":
			add(dir)
		case "main.py", "app.py":
			loose = append(loose, dir)
		}
		return false
	})
	slices.SortStableFunc(python, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	for _, dir := range python {
		if len(d.pyApps(dir)) == 0 && !d.exists(join(dir, "manage.py")) {
			continue
		}
		// A workspace's root is not the project that lies deeper.
		if deeper := d.onlyBelow(dir); deeper != "" {
			dir = deeper
		}
		add(dir)
	}
	for _, dir := range loose {
		in := func(other string) bool { return below(dir, other) && d.isPythonHere(other) }
		if len(d.pyApps(dir)) > 0 && !slices.ContainsFunc(dirs, in) {
			add(dir)
		}
	}
	slices.SortStableFunc(dirs, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	return dirs
}

// onlyBelow is the one folder with a manifest of its own that all applications of a
// folder lie in, or "".
func (d *draft) onlyBelow(dir string) string {
	apps := d.pyApps(dir)
	if len(apps) == 0 || d.exists(join(dir, "manage.py")) {
		return ""
	}
	for at := slashDir(apps[0].file); at != "" && at != dir; at = slashDir(at) {
		if d.exists(join(at, "pyproject.toml")) || d.exists(join(at, "requirements.txt")) || d.exists(join(at, "Pipfile")) {
			return at
		}
	}
	return ""
}

// workspaces are the patterns of the folders with a workspace's packages; nil is no
// workspace.
func (d *draft) workspaces() (globs []string) {
	if file := "pnpm-workspace.yaml"; d.exists(file) {
		root, err := parseYAML(d.text(file))
		if err == nil {
			if v := get(root, "packages"); v != nil {
				globs = texts(v)
			}
		}
		return globs
	}
	n := d.quietPackage("")
	if n == nil || n.Workspaces == nil {
		return nil
	}
	if json.Unmarshal(n.Workspaces, &globs) != nil {
		var long struct{ Packages []string }
		json.Unmarshal(n.Workspaces, &long)
		globs = long.Packages
	}
	return globs
}

func matches(globs []string, dir string) (in bool) {
	for _, g := range globs {
		g, not := strings.CutPrefix(g, "!")
		g = strings.TrimSuffix(strings.TrimPrefix(g, "./"), "/")
		ok, _ := path.Match(g, dir)
		if start, deep := strings.CutSuffix(g, "/**"); deep && below(dir, start) {
			ok = true
		}
		if ok {
			in = !not
		}
	}
	return in
}
