// Package local is a project's folder .local, which holds whatever muster keeps
// beside a configuration: what it installed and generated, what runs, the logs.
// It says where each thing lies, replaces files whole, and locks.
package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir is the folder .local itself, as an absolute path.
type Dir string

// Of is the folder of the project whose configuration file lies in dir.
func Of(dir string) Dir { return Dir(filepath.Join(dir, ".local")) }

// Folder is the folder that a configuration file lies in: the same one by
// whichever path, and through whichever links to it, one comes there. That the
// file itself may be a link does not matter.
func Folder(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(abs)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return dir, nil
}

// Project is the folder that the configuration file lies in.
func (d Dir) Project() string { return filepath.Dir(string(d)) }

func (d Dir) at(elem ...string) string {
	return filepath.Join(append([]string{string(d)}, elem...)...)
}

// The folders.
func (d Dir) Run() string  { return d.at("run") }
func (d Dir) Pids() string { return d.at("pids") }
func (d Dir) Logs() string { return d.at("logs") }
func (d Dir) Tmp() string  { return d.at("tmp") } // downloads on their way
func (d Dir) TLS() string  { return d.at("tls") }

// What the supervisor keeps.
func (d Dir) Socket() string             { return d.at("run", SocketName) }
func (d Dir) State() string              { return d.at("run", "state.json") }
func (d Dir) SupervisorLock() string     { return d.at("run", "lock") }
func (d Dir) Checkpoint() string         { return d.at("run", "unified.offsets") }
func (d Dir) Aside(server string) string { return d.at(AsideDir, server) }
func (d Dir) UvicornReload() string      { return d.at("run", "uvicorn_reload.py") }
func (d Dir) Pid(name string) string     { return d.at("pids", name+".pid") }

// PidFiles lists the pid files that there are, half written ones too.
func (d Dir) PidFiles() []string {
	return list(d.Pids(), func(name string) bool { return filepath.Ext(name) == ".pid" || IsTemporary(name) })
}

// AsideDir is the folder, below .local, of the flag files of servers whose
// stand-ins answer.
const AsideDir = "run/aside"

// SocketName is the last element of Socket. Where the whole path is too long
// for a socket, this much of it is enough in the folder Run.
const SocketName = "supervisor.sock"

// The logs: a process's own, and the one that holds every process's lines.
func (d Dir) Log(name string) string { return d.at("logs", name+".log") }
func (d Dir) Unified() string        { return d.Log("backend-unified") }

// The dashboard: the secret of this run's links, and the port that was chosen for it.
func (d Dir) DashboardToken() string { return d.at("run", "dashboard.token") }
func (d Dir) DashboardPort() string  { return d.at("dashboard.json") }

// Events is the journal of what happened, for programs.
func (d Dir) Events() string { return d.at("logs", "events.jsonl") }

// The gateway.
func (d Dir) NginxBinary() string    { return d.at("bin", "nginx") }
func (d Dir) NginxLibs() string      { return d.at("lib", "nginx") } // those that the system lacks
func (d Dir) NginxKnown() string     { return d.at("nginx-binaries.json") }
func (d Dir) NginxConf() string      { return d.at("nginx.conf") }
func (d Dir) NginxPid() string       { return d.at("run", "nginx.pid") }
func (d Dir) BuiltinConf() string    { return d.at("gateway.json") }
func (d Dir) Authority() string      { return d.at("tls", "ca.crt") } // that a browser has to trust once
func (d Dir) AuthorityKey() string   { return d.at("tls", "ca.key") }
func (d Dir) Certificate() string    { return d.at("tls", "localhost.crt") }
func (d Dir) CertificateKey() string { return d.at("tls", "localhost.key") }

// The ports of a checkout that has its own, and the lock of whoever holds them.
func (d Dir) Ports() string     { return d.at("ports.json") }
func (d Dir) PortsLock() string { return d.at("run", "ports.lock") }

// What processes are run with, and what clients were made from.
func (d Dir) Toolchain() string               { return d.at("toolchain") }
func (d Dir) Venv() string                    { return d.at("venv") }
func (d Dir) Pycache() string                 { return d.at("pycache") }
func (d Dir) ClientRecord(name string) string { return d.at("specs-" + name + ".json") }

// SchemaName is the schema of the configuration file, for editors: the file's first
// line names it.
const SchemaName = "dev-config.schema.json"

func (d Dir) Schema() string { return d.at(SchemaName) }

// IsDir tells whether there is a folder of that path.
func IsDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// Mkdir makes one folder of .local, if it is not there. Where .local itself is
// gone, it was removed, and nothing of it is made anew.
func Mkdir(dir string) error {
	if err := os.Mkdir(dir, 0o700); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
