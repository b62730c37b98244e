package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"muster/internal/hint"
	"muster/internal/local"
)

// Load reads and validates a configuration file, and checks that the folders
// and files that it names are there. The error is an *Error when the file
// could be read.
func Load(file string) (*Config, error) {
	c, _, err := load(file, false)
	return c, err
}

func load(file string, refers bool) (*Config, *decoder, error) {
	data, err := read(file)
	if err != nil {
		return nil, nil, hint.With(fmt.Errorf("read configuration: %w", err),
			"name the configuration with -config=FILE, or run in the folder of dev-config.yaml")
	}
	c, d, err := parse(file, data, true, refers)
	if err != nil {
		return nil, nil, err
	}
	d.checkDisk(c)
	if err := d.err(); err != nil {
		return nil, nil, err
	}
	return c, d, nil
}

// Parse validates a configuration that was read from the file called name,
// without a look at the disk. The error is an *Error.
func Parse(name string, data []byte) (*Config, error) {
	c, _, err := parse(name, data, false, false)
	return c, err
}

// read is os.ReadFile for a regular file that is not much too large.
func read(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder, not a file", file)
	}
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

func parse(name string, data []byte, disk, refers bool) (*Config, *decoder, error) {
	dir, err := local.Folder(name)
	if err != nil {
		return nil, nil, fmt.Errorf("find the folder of %s: %w", name, err)
	}
	d := &decoder{file: name, dir: dir, where: map[string]position{}, unset: map[*yaml.Node]bool{}, written: map[*yaml.Node]string{}, budget: 100_000,
		refers: refers, broken: map[*yaml.Node]error{}}
	data = bytes.TrimPrefix(data, byteOrderMark)
	root, problem := parseTree(data)
	if problem == nil && root == nil {
		problem = &Problem{Line: 1, Column: 1, Message: "the file is empty: it must say at least `servers`"}
	}
	if problem != nil {
		problem.File = name
		return nil, nil, &Error{Problems: []Problem{*problem}}
	}
	d.expand(root, disk)
	c := d.config(value{node: root, at: place(root), site: place(root)})
	c.File, c.Dir = filepath.Join(dir, filepath.Base(name)), dir
	if d.auto {
		d.giveBlock(c, disk)
	}
	if d.budget < 0 {
		d.reportAt(position{1, 1}, "", "the merge keys of the file expand to too many entries")
	}
	d.check(c)
	if err := d.err(); err != nil {
		return nil, nil, err
	}
	return c, d, nil
}

// expand fills in the variables of the file, with those of its env_file, which is
// the one key that is read before.
func (d *decoder) expand(root *yaml.Node, disk bool) {
	var vars []EnvVar
	for i := 0; root.Kind == yaml.MappingNode && i+1 < len(root.Content); i += 2 {
		if k, v := root.Content[i], root.Content[i+1]; k.Value == "env_file" {
			d.expandTree(v, expander{lookup: environment()})
			d.path(value{path: "env_file", node: v, at: place(k), site: place(v)}, &d.envFile)
		}
	}
	if d.envFile != "" && disk {
		vars, _ = ReadEnvFile(d.envFile) // what is wrong with it is told by checkDisk
	}
	d.expandTree(root, expander{lookup: environment(vars)})
}

// byteOrderMark stands before a text as some editors write it.
var byteOrderMark = []byte("\xef\xbb\xbf")

// err returns what was reported, or nil.
func (d *decoder) err() error {
	if len(d.problems) == 0 && len(d.others) == 0 {
		return nil
	}
	return &Error{Problems: append(sortProblems(d.problems), sortProblems(d.others)...)}
}

// checkDisk reports what the file names and the disk lacks, and fills in the
// one default that depends on the disk.
func (d *decoder) checkDisk(c *Config) {
	d.needEnv("env_file", c.EnvFile)
	d.needFolder("backend.dir", c.Backend.Dir)
	d.needEnv("backend.env_file", c.Backend.EnvFile)
	for _, p := range c.Processes() {
		d.needFolder(p.Path+".dir", p.Dir)
		d.needEnv(p.Path+".env_file", p.EnvFile)
	}
	if c.Nginx != nil && c.Nginx.Extra != "" {
		d.needFile("nginx.extra", filepath.Join(c.Dir, c.Nginx.Extra))
	}
	if _, said := d.where["specs.sources"]; !said {
		c.Specs.Sources = []string{SourceDir(c.Backend.Dir)}
	}
}

// needFolder checks a folder that the file itself names; a default is not
// the user's mistake.
func (d *decoder) needFolder(path, dir string) {
	if info := d.stat(path, "folder", dir); info != nil && !info.IsDir() {
		d.reportAt(d.where[path], "", "%s: %s is not a folder", path, dir)
	}
}

// needEnv checks that a file of variables is there and can be read. Its own
// mistakes are reported beside those of the configuration.
func (d *decoder) needEnv(path, file string) {
	if !d.needFile(path, file) {
		return
	}
	var wrong *Error
	switch _, err := ReadEnvFile(file); {
	case errors.As(err, &wrong):
		d.others = append(d.others, wrong.Problems...)
	case err != nil:
		d.reportAt(d.where[path], "", "%s: %s", path, err)
	}
}

// needFile tells whether the file itself names a file, and it is there.
func (d *decoder) needFile(path, file string) bool {
	info := d.stat(path, "file", file)
	if info != nil && info.IsDir() {
		d.reportAt(d.where[path], "", "%s: %s is a folder, not a file", path, file)
	}
	return info != nil && !info.IsDir()
}

// stat looks at what the file itself names, and reports what is not there.
func (d *decoder) stat(path, kind, name string) os.FileInfo {
	at, said := d.where[path]
	if !said {
		return nil
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		d.reportAt(at, "", "%s: there is no %s %s", path, kind, name)
	case err != nil:
		d.reportAt(at, "", "%s: %s", path, err)
	default:
		return info
	}
	return nil
}
