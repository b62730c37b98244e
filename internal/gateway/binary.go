package gateway

import (
	"os"
	"os/user"
	"path/filepath"
	"slices"

	"muster/internal/config"
)

// Binary is an nginx that can be run.
type Binary struct {
	Path    string // absolute
	Version string // such as 1.28.2
	Source  string // where it is from, for people: "standalone build", "system", ...
	// Modules are the optional modules that it was built with and, with a "-"
	// before the name, the standard ones that it was built without, as
	// `nginx -V` names them ("http_stub_status", "-http_fastcgi").
	Modules []string
	Env     []string // NAME=VALUE that it needs to run
}

// atLeast tells whether the binary is known to be of that version or later.
func (b Binary) atLeast(major, minor, patch int) bool {
	v, err := parseVersion(b.Version)
	return b.Version != "" && err == nil && v.compare(version{major, minor, patch}) >= 0
}

// has tells whether the binary has a module.
func (b Binary) has(module string) bool {
	switch module {
	case "http_proxy", "http_fastcgi", "http_uwsgi", "http_scgi": // in unless left out
		return !slices.Contains(b.Modules, "-"+module)
	}
	return slices.Contains(b.Modules, module)
}

// Args is nginx's command line, its name included, for the configuration file
// conf below c's .local. The master stays in the foreground.
func (b Binary) Args(c *config.Config, conf string) []string {
	local := filepath.Join(c.Dir, ".local")
	args := []string{"nginx", "-p", local + "/", "-c", conf}
	if b.Version == "" || b.atLeast(1, 19, 5) { // nginx.org, CHANGES: "-e" came with 1.19.5
		args = append(args, "-e", filepath.Join(local, "logs", "nginx-error.log"))
	}
	return args
}

// User is what Options.User has to be for whoever runs this program.
func User() string {
	if os.Geteuid() != 0 {
		return ""
	}
	group := "root"
	if g, err := user.LookupGroupId("0"); err == nil {
		group = g.Name // wheel on macOS
	}
	return "root " + group
}
