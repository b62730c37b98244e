package toolchain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"muster/internal/config"
	"muster/internal/local"
)

// memory is what the last search found, and the files on which that rests.
// It holds as long as none of them changes: the interpreter and what it links
// to, its FastAPI and uvicorn, and whatever would have been preferred.
type memory struct {
	Interpreter string `json:"interpreter"`
	Configured  string `json:"configured"` // backend.python
	Dir         string `json:"dir"`        // backend.dir
	Active      string `json:"active"`     // VIRTUAL_ENV
	Files       []mark `json:"files"`
}

// mark is a file as it was; a zero one was not there.
type mark struct {
	Path string `json:"path"`
	Time int64  `json:"time"` // of the last change, in nanoseconds
	Size int64  `json:"size"`
}

func markOf(path string) mark {
	m := mark{Path: path}
	if info, err := os.Stat(path); err == nil {
		m.Time, m.Size = info.ModTime().UnixNano(), info.Size()
	}
	return m
}

func (f *finder) memoryFile() string { return filepath.Join(f.cfg.Local().Toolchain(), "python.json") }

// remembered returns what an earlier search found, if it still holds. It
// starts no process.
func (f *finder) remembered() (string, bool) {
	var m memory
	if !readJSON(f.memoryFile(), &m) || m.Interpreter == "" || len(m.Files) == 0 {
		return "", false
	}
	if m.Configured != f.cfg.Backend.Python || m.Dir != f.cfg.Backend.Dir || m.Active != variable(f.env, "VIRTUAL_ENV") {
		return "", false
	}
	changed := func(was mark) bool { return markOf(was.Path) != was }
	return m.Interpreter, !slices.ContainsFunc(m.Files, changed) && executable(m.Interpreter)
}

// UvicornKnows tells whether the uvicorn of the interpreter that was found for a
// project has an option of the command line. It starts no process: the option
// stands in the source, whatever the version is called.
func UvicornKnows(cfg *config.Config, interpreter, option string) bool {
	return bytes.Contains(uvicornSource(cfg, interpreter, "main.py"), []byte(`"`+option+`"`))
}

// UvicornLosesClients tells whether that uvicorn takes a client whose proxy and
// who itself are on this machine for nobody, as it did before 0.31: the last
// address that it does not trust is the client, and there is none
// (Kludex/uvicorn#1068).
func UvicornLosesClients(cfg *config.Config, interpreter string) bool {
	source := uvicornSource(cfg, interpreter, "middleware/proxy_headers.py")
	return bytes.Contains(source, []byte("def get_trusted_client_host(")) && bytes.Contains(source, []byte("return None"))
}

// uvicornSource is a file of the found uvicorn, and nil where that cannot be read.
func uvicornSource(cfg *config.Config, interpreter, name string) []byte {
	var m memory
	if !readJSON((&finder{cfg: cfg}).memoryFile(), &m) || m.Interpreter != interpreter {
		return nil
	}
	for _, file := range m.Files {
		if dir := filepath.Dir(file.Path); filepath.Base(dir) == "uvicorn" {
			source, _ := os.ReadFile(filepath.Join(dir, name))
			return source
		}
	}
	return nil
}

// projectMarks are the files that say which environment a project has.
func (f *finder) projectMarks() (marks []mark) {
	names := []string{".venv/pyvenv.cfg", ".venv/bin/python", "venv/pyvenv.cfg", "venv/bin/python", "pyproject.toml", "requirements.txt", ".pdm-python"}
	for _, t := range pythonTools() {
		names = append(names, t.files...)
	}
	for _, dir := range f.toolDirs() {
		for _, name := range names {
			marks = append(marks, markOf(filepath.Join(dir, name)))
		}
	}
	return marks
}

func (f *finder) remember(p *interpreter) error {
	m := memory{
		Interpreter: p.path,
		Configured:  f.cfg.Backend.Python,
		Dir:         f.cfg.Backend.Dir,
		Active:      variable(f.env, "VIRTUAL_ENV"),
		Files:       []mark{markOf(p.path)},
	}
	for _, origin := range p.origins {
		m.Files = append(m.Files, markOf(origin))
	}
	m.Files = append(m.Files, f.projectMarks()...)
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("remember the interpreter: %w", err)
	}
	return local.Write(f.memoryFile(), data, 0o600)
}
