package install

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/local"
	"muster/internal/toolchain"
)

// installError tells every way that was tried.
type installError struct{ tried []string }

func (e *installError) Error() string {
	return "nginx could not be installed:\n\t" + strings.Join(e.tried, "\n\t")
}

func (e *installError) Unwrap() error { return ErrNotFound }

func (e *installError) Hint() string {
	return "name a mirror in " + mirrorVariable + " or nginx.mirror, install nginx with the system's package manager, or set gateway: builtin"
}

// Nginx gets an nginx without root: the standalone build from the mirror, else
// the distribution's package unpacked below .local, else the one that the
// system has. Each way is tried in this order, and progress hears of it; the
// Binary tells which one it was. A binary that a new installation would bring
// once more stays.
//
// What nginx.lock holds for this machine is the only thing that is installed,
// and anything else an error. With update, the newest that is wanted takes its
// place there.
func Nginx(ctx context.Context, c *config.Config, update bool, progress func(Event)) (gateway.Binary, error) {
	i := &installer{
		c:    c,
		open: local.Open,
		client: &http.Client{Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
			// A network that drops packets must not hold up every start.
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
		}},
		stall: 20 * time.Second, pause: time.Second,
		goos: runtime.GOOS, goarch: runtime.GOARCH,
		progress: progress,
		update:   update,
		refusal:  toolchain.Refusal(),
	}
	defer i.client.CloseIdleConnections()
	return i.install(ctx)
}

func (i *installer) install(ctx context.Context) (gateway.Binary, error) {
	if i.progress == nil {
		i.progress = func(Event) {}
	}
	if i.refusal != "" {
		return gateway.Binary{}, &installError{tried: []string{i.refusal}}
	}
	var err error
	if i.want, err = parseRange(pinned(i.c)); err != nil {
		return gateway.Binary{}, fmt.Errorf("nginx.version: %w", err)
	}
	if err := i.c.Local().Make(); err != nil {
		return gateway.Binary{}, fmt.Errorf("install nginx: %w", err)
	}
	release, err := local.Hold(ctx, i.c.Local().Tmp(), func() { i.say("waiting for another installation of nginx") })
	if err != nil {
		return gateway.Binary{}, fmt.Errorf("install nginx: %w", err)
	}
	defer release()
	ways := []struct {
		name string
		try  func(context.Context) (gateway.Binary, error)
	}{
		{"standalone build from " + i.mirror(), i.standalone},
		{"the distribution's package", i.distribution},
		{"the system's nginx", i.system},
	}
	lock, err := readLock(i.c)
	if err != nil {
		return gateway.Binary{}, err
	}
	if i.update && len(lock.here(i.goos, i.goarch)) > 0 {
		ways = ways[:1] // an update that fails leaves what is there
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
			return gateway.Binary{}, fmt.Errorf("install nginx: %w", ctx.Err())
		}
		if _, ok := errors.AsType[*lockError](err); ok {
			return gateway.Binary{}, err // never explained away by another way
		}
		i.say(err.Error())
		failed.tried = append(failed.tried, way.name+": "+err.Error())
	}
	return gateway.Binary{}, failed
}

// system is the last way: what is there already.
func (i *installer) system(ctx context.Context) (gateway.Binary, error) {
	b, err := Find(ctx, i.c)
	if err == nil {
		return b, nil
	}
	if e, ok := errors.AsType[*notFound](err); ok { // without the hint to install
		return b, errors.New(strings.Join(e.tried, "; "))
	}
	return b, err
}
