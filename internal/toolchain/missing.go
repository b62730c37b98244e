package toolchain

import (
	"strings"

	"muster/internal/hint"
)

// Attempt is one way that was tried and why it did not do.
type Attempt struct{ Way, Reason string }

// MissingError says that something is not there and could not be got, and
// what was tried.
type MissingError struct {
	What  string // such as "Python with fastapi and uvicorn"
	Tried []Attempt
	Type  string // what to type next
}

// Error lists the ways, one a line.
func (e *MissingError) Error() string {
	s := "no " + e.What
	if len(e.Tried) > 0 {
		s += "; tried:"
	}
	for _, a := range e.Tried {
		s += "\n  " + a.Way + ": " + a.Reason
	}
	return s
}

// Hint says what to do next.
func (e *MissingError) Hint() string { return e.Type }

func (f *finder) miss(way, reason string) {
	f.tried = append(f.tried, Attempt{way, reason})
}

// refused tells, and notes, that a way would install something and must not.
func (f *finder) refused(way string) bool {
	if f.refusal != "" {
		f.miss(way, f.refusal)
	}
	return f.refusal != ""
}

// missing makes the error of everything that was tried.
func (f *finder) missing() error {
	e := &MissingError{What: "Python with fastapi, uvicorn and websockets", Tried: f.tried}
	venv := f.cfg.Backend.Dir + "/.venv"
	tool, dir := f.projectTool()
	switch {
	case f.cfg.Backend.Python != "":
		e.Type = f.cfg.Backend.Python + " -m pip install fastapi 'uvicorn[standard]', or remove backend.python to have one found"
	case tool != nil:
		e.Type = f.typed(*tool, dir)
	case f.debian && !f.root:
		e.Type = "sudo apt-get install " + strings.Join(debianPackages(), " ")
	default:
		e.Type = "python3 -m venv " + hint.Word(venv) + " && " + hint.Word(venv+"/bin/pip") + " install fastapi 'uvicorn[standard]'"
	}
	return e
}

// typed is what to type to have what a project's own tool installs.
func (f *finder) typed(t pythonTool, dir string) string {
	typed := "cd " + hint.Word(dir) + " && " + t.sync
	if f.programOf(t) == "" {
		return t.get + "\n" + typed
	}
	return typed
}
