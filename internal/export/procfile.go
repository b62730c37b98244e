package export

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"muster/internal/config"
)

// Procfile writes a line for each instance of what goes on, and what became of the
// rest. A line is a shell's: no text of the file is more than a word there.
func Procfile(s Source, o Options) ([]byte, []Note, error) {
	x := newExport(s, o, toProcfile)
	if err := x.selectProfiles(); err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	for _, m := range x.Config.Processes() {
		if m.Kind == config.KindTask {
			continue
		}
		for i, name := range m.InstanceNames() {
			if len(m.InstanceNames()) == 1 {
				name = m.Name
			}
			one := m
			p := *m.Process
			if one.Process = &p; p.Port != 0 {
				p.Port += i
			}
			line, err := x.procfileLine(one)
			if err != nil {
				return nil, nil, err
			}
			fmt.Fprintf(&b, "%s: %s\n", name, line)
		}
	}
	return b.Bytes(), x.finish(), nil
}

func (x *export) procfileLine(m config.Member) (string, error) {
	argv := x.argv(m)
	env := x.environment(m)
	if s, ok := x.Config.Server(m.Name); ok && s.Command == nil {
		argv = x.localUvicorn(s, m.Port)
		source, err := filepath.Rel(s.Dir, config.SourceDir(s.Dir))
		if err != nil {
			return "", err
		}
		env = append([]config.EnvVar{{Name: "PYTHONPATH", Value: escape(source)}}, env...)
	}
	words := []string{"exec", "env"}
	for _, v := range env {
		words = append(words, shellWord(v.Name+"="+v.Value))
	}
	for _, w := range argv {
		words = append(words, shellWord(w))
	}
	line := strings.Join(words, " ")
	if rel := x.relative(m.Dir); rel != "." {
		line = "cd " + shellWord(escape(rel)) + " && " + line
	}
	if strings.ContainsAny(line, "\r\n") {
		return "", fmt.Errorf("%s:%d: %s has a line break in its command or environment, which no Procfile can hold", x.Name, x.line(m.Path), m.Path)
	}
	return line, nil
}

// localUvicorn is the command of a server that has none, on this machine.
func (x *export) localUvicorn(s *config.Server, port int) []string {
	python := "python3"
	if x.Config.Backend.Python != "" {
		python = escape(x.Config.Backend.Python)
	}
	argv := []string{python, "-m", "uvicorn", escape(s.App), "--port", fmt.Sprint(port)}
	if s.Reload {
		argv = append(argv, "--reload")
		for _, p := range s.ReloadInclude {
			argv = append(argv, "--reload-include="+escape(p))
		}
		for _, p := range s.ReloadExclude {
			argv = append(argv, "--reload-exclude="+escape(p))
		}
	}
	return append(argv, s.Args...)
}

// shellWord is a text as one word of a shell, which fills in its variables.
func shellWord(text string) string {
	var b strings.Builder
	for _, p := range pieces(text) {
		if p.name == "" {
			b.WriteString(quoted(p.literal))
		} else {
			b.WriteString(`"` + shellVariable(p) + `"`)
		}
	}
	if b.Len() == 0 {
		return "''"
	}
	return b.String()
}

// shellVariable is a variable between double quotes.
func shellVariable(p piece) string {
	var word strings.Builder
	for _, q := range pieces(p.word) {
		if q.name == "" {
			word.WriteString(inDoubleQuotes.Replace(q.literal))
		} else {
			word.WriteString(shellVariable(q))
		}
	}
	return "${" + p.name + p.operator + word.String() + "}"
}

var inDoubleQuotes = strings.NewReplacer("\\", "\\\\", "$", "\\$", "`", "\\`", `"`, `\"`, "}", "\\}")

// quoted is a text that a shell takes as it is.
func quoted(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
