package export

import (
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/hint"
)

// environment is that of a container: what is no secret lies in a ConfigMap, and what is
// one is referred to.
type environment struct {
	x        *cluster
	literals object
	list     []any
}

func (e *environment) set(m config.Member, v config.EnvVar) {
	key := m.Path + ".env." + v.Name
	if !e.x.said[key] {
		key = "backend.env." + v.Name
	}
	if literal, ok := literally(v.Value); ok {
		e.literals[v.Name] = literal
		return
	}
	if all := pieces(v.Value); len(all) == 1 { // nothing but a variable
		p := all[0]
		optional := strings.HasSuffix(p.operator, "-")
		if optional {
			word, plain := literally(p.word)
			if !plain {
				e.x.note(key, "its default has a variable, which Kubernetes cannot fill in: without %s in the Secret it is empty", p.name)
			}
			e.literals[v.Name] = word
		}
		e.x.operator(key, p, optional)
		e.refer(key, v.Name, p.name, optional)
		return
	}
	value := e.expanded(key, v.Value)
	e.list = append(e.list, object{"name": v.Name, "value": value})
}

// expanded is a text in the manner of Kubernetes, with the variables that it names.
func (e *environment) expanded(key, text string) string {
	var b strings.Builder
	for _, p := range pieces(text) {
		if p.name == "" {
			b.WriteString(strings.ReplaceAll(p.literal, "$(", "$$("))
			continue
		}
		e.x.operator(key, p, false)
		e.refer(key, p.name, p.name, false)
		b.WriteString("$(" + p.name + ")")
	}
	return b.String()
}

// operator notes what of a variable Kubernetes cannot say.
func (x *cluster) operator(key string, p piece, optional bool) {
	switch {
	case strings.HasSuffix(p.operator, "-") && !optional:
		x.note(key, "the default of %s is not exported: the Secret has to have it", p.name)
	case strings.HasSuffix(p.operator, "+"):
		x.note(key, "what stands for a set %s is not exported: it is that variable itself", p.name)
	}
}

// refer gives a container a variable from a Secret, once.
func (e *environment) refer(key, name, of string, optional bool) {
	for _, v := range e.list {
		if v.(object)["name"] == name {
			return
		}
	}
	ref := object{"name": e.x.secretWith(key, of, optional), "key": of}
	if optional {
		ref["optional"] = true
	}
	e.list = append(e.list, object{"name": name, "valueFrom": object{"secretKeyRef": ref}})
}

// shellSecret is the Secret of the variables that come from no file.
const shellSecret = "environment"

// secretWith is the Secret that has a variable of the file: that of env_file, else one
// for those of the shell.
func (x *cluster) secretWith(key, name string, optional bool) string {
	if file := x.Config.EnvFile; file != "" {
		vars, _ := config.ReadEnvFile(file)
		if slices.ContainsFunc(vars, func(v config.EnvVar) bool { return v.Name == name }) {
			return x.secretOf(file)
		}
	}
	has := "has"
	if optional {
		has = "may have"
	}
	x.note(key, "referred to: the Secret %s %s %s, as of `kubectl create secret generic %s --from-literal=%s=...`", shellSecret, has, name, shellSecret, name)
	return shellSecret
}

// secretFiles tells how each file of variables becomes the Secret that is referred to.
func (x *cluster) secretFiles() {
	files := map[string]string{"env_file": x.Config.EnvFile, "backend.env_file": x.Config.Backend.EnvFile}
	for _, m := range x.Config.Processes() {
		files[m.Path+".env_file"] = m.EnvFile
	}
	for key, file := range files {
		if file != "" {
			x.note(key, "referred to: `kubectl create secret generic %s --from-env-file=%s` makes the Secret", x.secretOf(file), hint.Word(x.relative(file)))
		}
	}
}

// secretOf is the Secret of a file of variables, named like its path.
func (x *cluster) secretOf(file string) string {
	rel, err := filepath.Rel(x.Config.Dir, file)
	if err != nil {
		rel = file
	}
	name := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, rel), "-")
	const mostName = 63
	if other := x.secrets[name]; name == "" || name == shellSecret || len(name) > mostName || other != "" && other != file {
		name = "env-" + digest(object{"file": rel}) // that of another file
	}
	x.secrets[name] = file
	return name
}
