package gateway

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strings"
	"time"

	"deps.dev/util/semver"

	"muster/internal/config"
)

// Binary is an nginx that can be run.
type Binary struct {
	Path    string `json:"path" jsonschema:"absolute"`
	Version string `json:"version" jsonschema:"such as 1.28.2"`
	Source  string `json:"source" jsonschema:"where it is from, for people: standalone build, system, ..."`
	// Modules are the optional modules that it was built with and, with a "-"
	// before the name, the standard ones that it was built without, as
	// `nginx -V` names them ("http_stub_status", "-http_fastcgi").
	Modules []string `json:"modules" jsonschema:"optional ones that it was built with and, after a -, standard ones that it was built without"`
	Env     []string `json:"env" jsonschema:"variables that it needs to run, NAME=VALUE each"`
}

// atLeast tells whether the binary is known to be of that version or later.
func (b Binary) atLeast(version string) bool {
	return semver.NPM.Compare(b.Version, version) >= 0
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
	args := []string{"nginx", "-p", string(c.Local()) + "/", "-c", conf}
	if b.Version == "" || b.atLeast("1.19.5") { // nginx.org, CHANGES: "-e" came with 1.19.5
		args = append(args, "-e", c.Local().Log("nginx-error"))
	}
	return args
}

// Run runs the binary to its end and returns what it printed, of which an error
// quotes the first line.
func (b Binary) Run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.Path, args...)
	cmd.Env = append(os.Environ(), b.Env...)
	cmd.WaitDelay = 10 * time.Second // a busy machine reads its last words late
	out, err := cmd.CombinedOutput()
	if line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n"); err != nil && line != "" {
		err = fmt.Errorf("%w (%s)", err, line)
	}
	return string(out), err
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
