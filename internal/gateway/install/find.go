package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"muster/internal/config"
	"muster/internal/gateway"
)

// ErrNotFound is wrapped by Find's error when no usable nginx is on this
// machine.
var ErrNotFound = errors.New("no nginx found")

// notFound tells what was looked at.
type notFound struct{ tried []string }

func (e *notFound) Error() string {
	return "no nginx found: " + strings.Join(e.tried, "; ")
}
func (e *notFound) Unwrap() error { return ErrNotFound }
func (e *notFound) Hint() string  { return "install one with: nginx:install" }

// Find looks for nginx: the project's own below .local first, then the
// system's. One that does not match nginx.version is passed over. What
// `nginx -V` said is kept in .local, so that a second call starts no process.
func Find(ctx context.Context, c *config.Config) (gateway.Binary, error) {
	want, err := parseRange(pinned(c))
	if err != nil {
		return gateway.Binary{}, fmt.Errorf("nginx.version: %w", err)
	}
	known := loadCache(c)
	e := &notFound{}
	for _, path := range candidates(c) {
		st, err := os.Stat(path)
		if err != nil || st.IsDir() || st.Mode()&0o111 == 0 {
			if path == c.Local().NginxBinary() {
				e.tried = append(e.tried, "no .local/bin/nginx")
			}
			continue
		}
		b, ok := known.lookup(path, st)
		if !ok {
			if b, err = inspect(ctx, c, path); err != nil {
				e.tried = append(e.tried, err.Error())
				continue
			}
			known.store(c, st, b)
		}
		if !want.Match(b.Version) {
			e.tried = append(e.tried, fmt.Sprintf("%s is %s, not %s", path, b.Version, pinned(c)))
			continue
		}
		return b, nil
	}
	if len(e.tried) < 2 {
		e.tried = append(e.tried, "none on PATH")
	}
	return gateway.Binary{}, e
}

// pinned is nginx.version, "" for the newest stable one.
func pinned(c *config.Config) string {
	if c.Nginx == nil {
		return ""
	}
	return c.Nginx.Version
}

// candidates are the places of an nginx, the best first. Those beside PATH are
// where packages put it, which an ordinary user's PATH often lacks.
func candidates(c *config.Config) []string {
	list := []string{c.Local().NginxBinary()}
	dirs := append(filepath.SplitList(os.Getenv("PATH")),
		"/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/sbin",
		"/opt/homebrew/bin", "/opt/local/sbin", "/usr/local/nginx/sbin")
	for _, d := range dirs {
		if p := filepath.Join(d, "nginx"); filepath.IsAbs(p) && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// inspect asks a binary what it is.
func inspect(ctx context.Context, c *config.Config, path string) (gateway.Binary, error) {
	b := gateway.Binary{Path: path, Source: "system"}
	if path == c.Local().NginxBinary() {
		b.Source, b.Env = installed(c)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := b.Run(ctx, "-V")
	if err != nil {
		return b, fmt.Errorf("%s does not run: %w", path, err)
	}
	if b.Version, b.Modules = parseBuild(out); b.Version == "" {
		return b, fmt.Errorf("%s is no nginx: `nginx -V` says %q", path, strings.TrimSpace(firstLine(out)))
	}
	return b, nil
}

func firstLine(out string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
	if line != "" {
		line = " (" + line + ")"
	}
	return line
}

// parseBuild reads the output of `nginx -V`: a line "nginx version: NAME/1.2.3"
// and one of "configure arguments: ...".
func parseBuild(out string) (ver string, modules []string) {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "nginx version: "); ok {
			_, v, _ = strings.Cut(v, "/")
			v, _, _ = strings.Cut(v, " ")
			if isVersion(v) {
				ver = v
			}
		}
		args, ok := strings.CutPrefix(line, "configure arguments: ")
		if !ok {
			continue
		}
		for arg := range strings.FieldsSeq(args) {
			name, with := strings.CutPrefix(arg, "--with-")
			if !with {
				if name, ok = strings.CutPrefix(arg, "--without-"); !ok {
					continue
				}
				name = "-" + name
			}
			if name, ok = strings.CutSuffix(name, "_module"); ok {
				modules = append(modules, name)
			}
		}
	}
	return ver, modules
}
