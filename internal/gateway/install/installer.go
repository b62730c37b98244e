package install

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"deps.dev/util/semver"

	"muster/internal/config"
	"muster/internal/local"
)

// defaultMirror is where jirutka/nginx-binaries publishes (its README).
const defaultMirror = "https://jirutka.github.io/nginx-binaries"

// mirrorVariable names the environment variable that overrides nginx.mirror.
const mirrorVariable = "MUSTER_NGINX_MIRROR"

// Event is a step of an installation, for people.
type Event struct {
	Text string
	// Done and Total are bytes of the download that Text names; with Total 0
	// the event is a line of its own.
	Done, Total int64
}

// installer is what an installation needs from the world.
type installer struct {
	c            *config.Config
	want         *semver.Constraint
	client       *http.Client
	open         func(path string, flags int) (*os.File, error) // a file to write a download to
	stall        time.Duration                                  // longest silence of the mirror
	pause        time.Duration                                  // before a broken download is tried again
	goos, goarch string
	progress     func(Event)
	update       bool   // take the newest that is wanted, and lock that
	refusal      string // why nothing may be installed; "" when it may
}

func (i *installer) say(text string) { i.progress(Event{Text: text}) }

func (i *installer) mirror() string {
	configured := ""
	if i.c.Nginx != nil {
		configured = i.c.Nginx.Mirror
	}
	return strings.TrimRight(cmp.Or(os.Getenv(mirrorVariable), configured, defaultMirror), "/")
}

// place makes the tested binary at path the project's nginx.
func (i *installer) place(path string, o origin) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err := local.Write(originFile(i.c), data, 0o600); err != nil {
		return err
	}
	if err := os.Rename(path, i.c.Local().NginxBinary()); err != nil {
		return fmt.Errorf("install nginx: %w", err)
	}
	return nil
}
