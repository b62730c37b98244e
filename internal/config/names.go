package config

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"muster/internal/local"
)

// Core names the module that every server has, and the server that has
// nothing else.
const Core = "core"

// InstanceName names instance i of a server, such as broker-0: in logs, in
// pid files and on the command line.
func InstanceName(server string, i int) string {
	return server + "-" + strconv.Itoa(i)
}

// SourceDir is the folder in a backend's or a server's that its Python packages
// lie in: src where there is one.
func SourceDir(dir string) string {
	if src := filepath.Join(dir, "src"); local.IsDir(src) {
		return src
	}
	return dir
}

// Server returns the server of that name.
func (c *Config) Server(name string) (*Server, bool) {
	for i := range c.Servers {
		if c.Servers[i].Name == name {
			return &c.Servers[i], true
		}
	}
	return nil, false
}

// Member is a process of any kind.
type Member struct {
	*Process
	Kind Kind
	Path string // where the file tells of it, such as servers.broker
}

// Kind is what a process is for.
type Kind string

// The kinds of processes, as messages name them.
const (
	KindServer   Kind = "server"
	KindWorker   Kind = "worker"
	KindTask     Kind = "task"
	KindFrontend Kind = "frontend"
)

// Processes are all of them: servers, workers, tasks, frontends, each in the order
// of the file.
func (c *Config) Processes() (all []Member) {
	for i := range c.Servers {
		all = append(all, Member{&c.Servers[i].Process, KindServer, "servers." + c.Servers[i].Name})
	}
	for i := range c.Workers {
		all = append(all, Member{&c.Workers[i], KindWorker, "workers." + c.Workers[i].Name})
	}
	for i := range c.Tasks {
		all = append(all, Member{&c.Tasks[i].Process, KindTask, "tasks." + c.Tasks[i].Name})
	}
	for i := range c.Frontends {
		path := "frontends." + c.Frontends[i].Name
		if c.Frontends[i].Name == "frontend" {
			path = "frontend"
		}
		all = append(all, Member{&c.Frontends[i].Process, KindFrontend, path})
	}
	return all
}

// InstanceNames are what the instances of a process are called, in pid files, in
// logs and on the command line. There can be but one of a task or frontend.
func (m Member) InstanceNames() []string {
	if m.Kind == KindTask || m.Kind == KindFrontend {
		return []string{m.Name}
	}
	var names []string
	for i := range m.Instances {
		names = append(names, InstanceName(m.Name, i))
	}
	return names
}

// InstanceNames are those of a process, by its name.
func (c *Config) InstanceNames(name string) []string {
	for _, m := range c.Processes() {
		if m.Name == name {
			return m.InstanceNames()
		}
	}
	return nil
}

// TaskNames are those of all tasks.
func (c *Config) TaskNames() (names []string) {
	for _, t := range c.Tasks {
		names = append(names, t.Name)
	}
	return names
}

// IsFrontend tells whether a frontend has that name.
func (c *Config) IsFrontend(name string) bool {
	return slices.ContainsFunc(c.Frontends, func(f Frontend) bool { return f.Name == name })
}

// FillPorts fills in {port}, the port of a process's own, and {port:NAME}, that of
// another one's first instance.
func (c *Config) FillPorts(text string, port int) string {
	if !strings.Contains(text, "{port") {
		return text
	}
	if port != 0 {
		text = strings.ReplaceAll(text, "{port}", strconv.Itoa(port))
	}
	for _, m := range c.Processes() {
		if m.Port != 0 {
			text = strings.ReplaceAll(text, "{port:"+m.Name+"}", strconv.Itoa(m.Port))
		}
	}
	if c.Nginx != nil {
		text = strings.ReplaceAll(text, "{port:nginx}", strconv.Itoa(c.Nginx.Port))
	}
	return text
}

// Page is the frontend of the clients and of the gateway's own path: the first
// one, or nil.
func (c *Config) Page() *Frontend {
	if len(c.Frontends) == 0 {
		return nil
	}
	return &c.Frontends[0]
}

// Local is the folder of everything that muster writes: state, logs, pid
// files, the nginx that it installed.
func (c *Config) Local() local.Dir { return local.Of(c.Dir) }
