// Package scaffold reads a repository that does not know muster and drafts its
// dev-config.yaml: from a Procfile, a Compose file, a process-compose.yaml, or from
// the manifests and sources themselves. Whatever it guesses it says, and whatever it
// cannot take over it names with its place.
package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/hint"
)

// Draft is a configuration that was made of what a repository has.
type Draft struct {
	YAML []byte   // dev-config.yaml
	Used []string // files that it was made of, relative to the folder
	Said []string // what is not as it was there: names, ports
	Left []string // what could not be taken over, each with FILE:LINE
}

// Read drafts the configuration of a folder: of the file from alone, or of all that
// is found where from is "". The error says what was looked for, or which file
// cannot be read.
func Read(dir, from string) (*Draft, error) {
	d := &draft{dir: dir, names: map[string]*process{}, readPorts: map[string]bool{}, servings: map[string][]string{}}
	if err := d.environment(); err != nil {
		return nil, err
	}
	var err error
	if from != "" {
		err = d.file(from)
	} else {
		err = d.all()
	}
	if err != nil {
		return nil, err
	}
	if len(d.processes) == 0 && len(d.left) == 0 {
		return nil, d.nothing(from)
	}
	d.finish()
	text, err := d.render()
	if err == nil && len(d.processes) == 0 {
		err = hint.With(errors.New("nothing of what was found can be taken over:\n"+strings.Join(d.left, "\n")), "write "+configName+" yourself, in this form:\n"+example)
	}
	if err != nil {
		return nil, err
	}
	return &Draft{YAML: text, Used: d.used, Said: d.said, Left: d.left}, nil
}

// The names under which each kind of file is looked for, the preferred one first.
var (
	procfiles        = []string{"Procfile.dev", "Procfile"}
	composeFiles     = []string{"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}
	composeOverrides = []string{"compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml"}
	processComposes  = []string{"process-compose.yaml", "process-compose.yml"}
)

// all reads what says which programs there are (a Procfile, else the services that a
// Compose file builds, else a process-compose.yaml, else the sources), and takes the
// services of images of a Compose file beside it.
func (d *draft) all() error {
	procfile, processCompose := d.first(procfiles...), d.first(processComposes...)
	var compose *composeFile
	if name := d.composeFile(); name != "" {
		c, err := d.readCompose(name)
		if err != nil {
			return err
		}
		compose = c
	}
	var err error
	switch {
	case procfile != "":
		err = d.procfile(procfile)
		if other := procfiles[1]; procfile != other && d.exists(other) {
			d.leave(place{other, 1}, "is not read: %s says what is run here", procfile)
		}
		compose.images("a " + procfile + " says what is run")
	case compose.builds() && slashDir(compose.file) == "":
		compose.all()
		d.pages()
	case processCompose != "":
		err = d.processCompose(processCompose)
		compose.images(processCompose + " says what is run")
	default:
		compose.images("the sources say what is run")
		d.sources()
	}
	if err != nil {
		return err
	}
	if processCompose != "" && !slices.Contains(d.used, processCompose) {
		d.leave(place{processCompose, 1}, "is not read: %s says what is run here; to read it instead: config:init -from=%s", d.used[0], processCompose)
	}
	return nil
}

// composeFile is the Compose file that tells of the repository: its own or, without one,
// the only one in the folders of its programs. Of several none is taken.
func (d *draft) composeFile() string {
	if name := d.first(composeFiles...); name != "" {
		return name
	}
	var found []string
	d.walk("", 2, func(rel string) bool {
		if contains(composeFiles, path.Base(rel)) {
			found = append(found, rel)
		}
		return false
	})
	if len(found) == 1 {
		return found[0]
	}
	for _, rel := range found {
		d.leave(place{rel, 1}, "is not read, for there are several; to read it alone: config:init -from=%s", rel)
	}
	return ""
}

// file reads one file, whatever its kind, and nothing beside it.
func (d *draft) file(from string) error {
	abs, err := filepath.Abs(from)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(d.dir, abs)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	info, err := os.Stat(abs)
	if err != nil {
		return fmt.Errorf("read %s: %w", from, errors.Unwrap(err))
	}
	base, folder := filepath.Base(abs), slashDir(rel)
	switch {
	case info.IsDir():
		d.folder(rel)
	case strings.HasPrefix(base, "Procfile"):
		return d.procfile(rel)
	case base == "package.json":
		d.node(folder)
	case base == "go.mod":
		d.goModule(folder)
	case base == "manage.py", base == "pyproject.toml", strings.HasPrefix(base, "requirements"), base == "Pipfile":
		d.python(folder)
	case strings.HasPrefix(base, "Dockerfile"), strings.HasSuffix(base, ".Dockerfile"):
		d.dockerOnly(rel)
	case strings.HasSuffix(base, ".yaml"), strings.HasSuffix(base, ".yml"):
		if strings.HasPrefix(base, "process-compose") {
			return d.processCompose(rel)
		}
		c, err := d.readCompose(rel)
		if err != nil {
			return err
		}
		if c.services == nil && c.processes {
			return d.processCompose(rel)
		}
		c.all()
	default:
		return hint.With(fmt.Errorf("%s is of no kind that is known", from),
			"name a Procfile, a Compose file, a process-compose.yaml, a package.json, pyproject.toml, requirements.txt, manage.py, go.mod, Dockerfile or a folder")
	}
	return nil
}

// configName is the file that is drafted.
const configName = "dev-config.yaml"

// example is what to write where nothing is found.
const example = `nginx: {port: 8000}
servers:
  web:
    port: 8001
    command: [./serve, --port, "{port}"]
    paths: [/]
workers:
  mailer: {command: [./mailer]}
tasks:
  migrate: {command: [./migrate]}
`

func (d *draft) nothing(from string) error {
	where := "in " + d.dir
	if from != "" {
		where = "in " + from
	}
	return hint.With(fmt.Errorf("nothing %s says what is to be run: looked for lines of a Procfile, services of a Compose file, a process-compose.yaml, "+
		"a dev or start script in a package.json, FastAPI( or Flask( in Python sources, a manage.py, and main packages beside a go.mod, down to three folders deep", where),
		"write "+configName+" yourself, in this form:\n"+example)
}

// environment reads the .env of the repository. Its values are looked at and not
// written anywhere.
func (d *draft) environment() error {
	const name = ".env"
	if !d.exists(name) {
		for _, other := range []string{".env.example", ".env.sample", ".env.template", ".env.dist"} {
			if d.exists(other) {
				d.leave(place{other, 1}, "is an example, and there is no .env: copy it to .env, fill it in, and write env_file: .env at the top of %s", configName)
				break
			}
		}
		return nil
	}
	vars, err := config.ReadEnvFile(filepath.Join(d.dir, name))
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		for _, p := range wrong.Problems {
			d.leave(place{name, p.Line}, "%s: mend it, and write env_file: .env at the top of %s", p.Message, configName)
		}
		return nil
	}
	if err != nil {
		return err
	}
	d.env, d.envFile = vars, name
	d.used = append(d.used, name)
	return nil
}

// exists tells whether a file of the repository is there.
func (d *draft) exists(rel string) bool {
	info, err := os.Stat(d.path(rel))
	return err == nil && info.Mode().IsRegular()
}

func (d *draft) isDir(rel string) bool {
	info, err := os.Stat(d.path(rel))
	return err == nil && info.IsDir()
}

func (d *draft) path(rel string) string {
	if filepath.IsAbs(rel) {
		return rel
	}
	return filepath.Join(d.dir, filepath.FromSlash(rel))
}

// first is the first of the names that is there, or "".
func (d *draft) first(names ...string) string {
	for _, n := range names {
		if d.exists(n) {
			return n
		}
	}
	return ""
}

// maxFile is how much of a file is read: whatever is larger is none that a person wrote.
const maxFile = 1 << 20

// text is a file of the repository, "" where it cannot be read.
func (d *draft) text(rel string) string {
	if info, err := os.Stat(d.path(rel)); err != nil || !info.Mode().IsRegular() || info.Size() > maxFile {
		return ""
	}
	data, _ := os.ReadFile(d.path(rel))
	return strings.ReplaceAll(string(data), "\r\n", "\n")
}

// slashDir is the folder of a path, "" for the repository's own.
func slashDir(rel string) string {
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		return rel[:i]
	}
	return ""
}

func join(dir, name string) string {
	p := filepath.ToSlash(filepath.Join(dir, name))
	if p == "." {
		return ""
	}
	return p
}

// skipped are the folders in which nobody's own sources lie.
func skipped(name string) bool {
	switch name {
	case "node_modules", "vendor", "venv", "env", "dist", "build", "target", "testdata", "tests", "test", "__pycache__", "site-packages", "examples", "e2e", "migrations", "alembic":
		return true
	}
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// isTest tells whether a source is one of tests, by its name.
func isTest(rel string) bool {
	return strings.Contains(rel, ".test.") || strings.Contains(rel, ".spec.") || strings.HasSuffix(rel, "_test.go")
}

// walk goes through the files below a folder, depth folders deep, until look says
// that it has seen enough.
func (d *draft) walk(rel string, depth int, look func(rel string) (enough bool)) {
	d.walkUnless(rel, depth, func(string) bool { return false }, look)
}

// own is walk through a project's own sources: those of another one below are not.
func (d *draft) own(rel string, look func(rel string) (enough bool)) {
	d.walkUnless(rel, 6, func(dir string) bool {
		return dir != rel && d.first(join(dir, "package.json"), join(dir, "go.mod"), join(dir, "pyproject.toml"), join(dir, "requirements.txt")) != ""
	}, look)
}

func (d *draft) walkUnless(rel string, depth int, skip func(dir string) bool, look func(rel string) (enough bool)) {
	seen := 0
	filepath.WalkDir(d.path(rel), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		sub, err := filepath.Rel(d.dir, path)
		if err != nil {
			return nil
		}
		sub = filepath.ToSlash(sub)
		below, _ := filepath.Rel(d.path(rel), path)
		level := strings.Count(filepath.ToSlash(below), "/")
		switch {
		case e.IsDir():
			if below != "." && (skipped(e.Name()) || level >= depth || skip(sub)) {
				return fs.SkipDir
			}
		case e.Type().IsRegular():
			if seen++; seen > 5000 || look(sub) {
				return fs.SkipAll
			}
		}
		return nil
	})
}
