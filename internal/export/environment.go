package export

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/config"
)

// environment is what a process is told besides its files of variables.
func (x *export) environment(m config.Member) (env []config.EnvVar) {
	c := x.Config
	put := func(name, value string) {
		env = slices.DeleteFunc(env, func(v config.EnvVar) bool { return v.Name == name })
		env = append(env, config.EnvVar{Name: name, Value: value})
	}
	put("PYTHONUNBUFFERED", "1")
	if s, ok := c.Server(m.Name); ok {
		if s.Command == nil && c.Nginx != nil && !s.Hidden && x.to != toProcfile {
			put("FORWARDED_ALLOW_IPS", "*") // the gateway's address is not known before; nobody else's requests get in
		}
		switch {
		case len(s.Modules) > 0:
			put("ENABLED_MODULES", strings.Join(s.Modules, ","))
		case s.Name == config.Core:
			put("ENABLED_MODULES", config.Core)
		}
		if c.Logs.Color {
			for _, name := range []string{"FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS"} {
				put(name, "1")
			}
		}
	}
	if m.Kind != config.KindFrontend {
		for _, v := range c.Backend.Env {
			put(v.Name, x.text("backend.env."+v.Name, v.Value, m.Port))
		}
	}
	for _, v := range m.Env {
		put(v.Name, x.text(m.Path+".env."+v.Name, v.Value, m.Port))
	}
	if m.Port != 0 {
		put("PORT", fmt.Sprint(m.Port))
	}
	return env
}

// envFiles are a process's files of variables, the last one counting.
func (x *export) envFiles(m config.Member) []string {
	files := []string{x.Config.EnvFile, x.Config.Backend.EnvFile, m.EnvFile}
	if m.Kind == config.KindFrontend {
		files[1] = ""
	}
	return slices.DeleteFunc(files, func(f string) bool { return f == "" })
}

// relative is a path as a file in Dir names it.
func (x *export) relative(file string) string {
	rel, err := filepath.Rel(x.Dir, file)
	if err != nil {
		return file
	}
	if rel = filepath.ToSlash(rel); rel != ".." && !strings.HasPrefix(rel, "../") && rel != "." {
		rel = "./" + rel
	}
	return rel
}
