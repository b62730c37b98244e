package config

import (
	"path/filepath"
	"strconv"

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

// Local is the folder of everything that muster writes: state, logs, pid
// files, the nginx that it installed.
func (c *Config) Local() local.Dir { return local.Of(c.Dir) }
