package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"muster/internal/config"
	"muster/internal/toolchain"
)

// defaultMirror is where jirutka/nginx-binaries publishes (its README).
const defaultMirror = "https://jirutka.github.io/nginx-binaries"

// MirrorVariable names the environment variable that overrides nginx.mirror.
const MirrorVariable = "MUSTER_NGINX_MIRROR"

// Event is a step of an installation, for people.
type Event struct {
	Text string
	// Done and Total are bytes of the download that Text names; with Total 0
	// the event is a line of its own.
	Done, Total int64
}

// installError tells every way that was tried.
type installError struct{ tried []string }

func (e *installError) Error() string {
	return "nginx could not be installed:\n\t" + strings.Join(e.tried, "\n\t")
}

func (e *installError) Unwrap() error { return ErrNotFound }

func (e *installError) Hint() string {
	return "name a mirror in " + MirrorVariable + " or nginx.mirror, install nginx with the system's package manager, or set gateway: builtin"
}

// installer is what an installation needs from the world.
type installer struct {
	c            *config.Config
	want         versionRange
	client       *http.Client
	stall        time.Duration // longest silence of the mirror
	pause        time.Duration // before a broken download is tried again
	goos, goarch string
	progress     func(Event)
	refusal      string // why nothing may be installed; "" when it may
}

// Install gets an nginx without root: the standalone build from the mirror,
// else the distribution's package unpacked below .local, else the one that the
// system has. Each way is tried in this order, and progress hears of it; the
// Binary tells which one it was. What is installed already and is what a new
// installation would bring stays.
func Install(ctx context.Context, c *config.Config, progress func(Event)) (Binary, error) {
	i := &installer{
		c: c,
		client: &http.Client{Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
			// A network that drops packets must not hold up every start.
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
		}},
		stall: 20 * time.Second, pause: time.Second,
		goos: runtime.GOOS, goarch: runtime.GOARCH,
		progress: progress,
		refusal:  toolchain.Refusal(),
	}
	defer i.client.CloseIdleConnections()
	return i.install(ctx)
}

func (i *installer) install(ctx context.Context) (Binary, error) {
	if i.progress == nil {
		i.progress = func(Event) {}
	}
	if i.refusal != "" {
		return Binary{}, &installError{tried: []string{i.refusal}}
	}
	var err error
	if i.want, err = parseRange(pinned(i.c)); err != nil {
		return Binary{}, fmt.Errorf("nginx.version: %w", err)
	}
	if err := Prepare(i.c); err != nil {
		return Binary{}, err
	}
	release, err := i.exclusive(ctx)
	if err != nil {
		return Binary{}, fmt.Errorf("install nginx: %w", err)
	}
	defer release()
	ways := []struct {
		name string
		try  func(context.Context) (Binary, error)
	}{
		{"standalone build from " + i.mirror(), i.standalone},
		{"the distribution's package", i.distribution},
		{"the system's nginx", i.system},
	}
	failed := &installError{}
	for _, way := range ways {
		i.say("trying " + way.name)
		b, err := way.try(ctx)
		if err == nil {
			i.say(fmt.Sprintf("nginx %s, %s: %s", b.Version, b.Source, b.Path))
			return b, nil
		}
		if ctx.Err() != nil {
			return Binary{}, fmt.Errorf("install nginx: %w", ctx.Err())
		}
		var wrong *lockMismatch
		if errors.As(err, &wrong) {
			return Binary{}, err // never explained away by another way
		}
		i.say(err.Error())
		failed.tried = append(failed.tried, way.name+": "+err.Error())
	}
	return Binary{}, failed
}

// exclusive waits until no other process installs nginx here. The lock is the
// folder's, so that no file is left behind, and ends with the process.
func (i *installer) exclusive(ctx context.Context) (release func(), err error) {
	f, err := os.Open(filepath.Join(i.c.Dir, ".local", "tmp"))
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return func() { f.Close() }, nil // a file system without locks
		}
		if n == 0 {
			i.say("waiting for another installation of nginx")
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		}
	}
}

func (i *installer) say(text string) { i.progress(Event{Text: text}) }

func (i *installer) mirror() string {
	m := os.Getenv(MirrorVariable)
	if m == "" && i.c.Nginx != nil {
		m = i.c.Nginx.Mirror
	}
	if m == "" {
		m = defaultMirror
	}
	return strings.TrimRight(m, "/")
}

// system is the last way: what is there already.
func (i *installer) system(ctx context.Context) (Binary, error) {
	b, err := Find(ctx, i.c)
	if err == nil {
		return b, nil
	}
	var e *notFound
	if errors.As(err, &e) { // without the hint to install
		return b, errors.New(strings.Join(e.tried, "; "))
	}
	return b, err
}

// origin is what Install writes down beside the binary.
type origin struct {
	Source string   `json:"source"`
	Env    []string `json:"env,omitempty"`
}

func originFile(c *config.Config) string { return LocalBinary(c) + ".json" }

// place makes the tested binary at path the project's nginx.
func (i *installer) place(path string, o origin) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(LocalBinary(i.c)), 0o755); err != nil {
		return fmt.Errorf("install nginx: %w", err)
	}
	if err := replace(originFile(i.c), data, 0o644); err != nil {
		return err
	}
	if err := os.Rename(path, LocalBinary(i.c)); err != nil {
		return fmt.Errorf("install nginx: %w", err)
	}
	return nil
}

// installed tells what Install wrote down about the binary below .local.
func installed(c *config.Config) (source string, env []string) {
	o := origin{}
	data, err := os.ReadFile(originFile(c))
	if err != nil || json.Unmarshal(data, &o) != nil || o.Source == "" {
		o.Source = "local"
	}
	return o.Source, o.Env
}
