package supervise

import (
	"os"
	"path/filepath"
)

// Paths are the files of one project, all below its .local folder.
type Paths struct{ Root string } // .local itself, absolute

// ProjectPaths are the paths of the project whose configuration lies in dir.
func ProjectPaths(dir string) Paths { return Paths{filepath.Join(dir, ".local")} }

func (p Paths) run() string           { return filepath.Join(p.Root, "run") }
func (p Paths) socket() string        { return filepath.Join(p.run(), socketName) }
func (p Paths) state() string         { return filepath.Join(p.run(), "state.json") }
func (p Paths) lock() string          { return filepath.Join(p.run(), "lock") }
func (p Paths) checkpoint() string    { return filepath.Join(p.run(), "unified.offsets") }
func (p Paths) pids() string          { return filepath.Join(p.Root, "pids") }
func (p Paths) pid(n string) string   { return filepath.Join(p.pids(), n+".pid") }
func (p Paths) SupervisorLog() string { return filepath.Join(p.Logs(), SupervisorName+".log") }

// pidFiles are the pid files that there are, half written ones too.
func (p Paths) pidFiles() []string {
	all, _ := filepath.Glob(filepath.Join(p.pids(), "*.pid"))
	half, _ := filepath.Glob(filepath.Join(p.pids(), "*.pid"+tmpSuffix))
	return append(all, half...)
}

// Logs is the folder of all logs.
func (p Paths) Logs() string { return filepath.Join(p.Root, "logs") }

// Unified is the log that holds every process's lines.
func (p Paths) Unified() string { return filepath.Join(p.Logs(), "backend-unified.log") }

const (
	socketName = "supervisor.sock"
	tmpSuffix  = ".tmp" // of a file that is being written
	// SupervisorName is the supervisor's own name in the unified log.
	SupervisorName = "supervisor"
)

// make creates the folders. They are closed to others: logs hold what the
// servers print, state holds their environment.
func (p Paths) make() error {
	for _, d := range []string{p.run(), p.pids(), p.Logs()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
		if err := os.Chmod(d, 0o700); err != nil { // others may have made them
			return err
		}
	}
	return nil
}

// writeFile replaces a file as a whole, so that nobody ever reads half of it.
func writeFile(path string, data []byte) error {
	tmp := path + tmpSuffix
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
