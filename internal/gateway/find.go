package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"muster/internal/config"
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
func (e *notFound) Hint() string  { return "install one with: mage nginx:install" }

// LocalBinary is where Install puts nginx.
func LocalBinary(c *config.Config) string { return filepath.Join(c.Dir, ".local", "bin", "nginx") }

// Find looks for nginx: the project's own below .local first, then the
// system's. One that does not match nginx.version is passed over. What
// `nginx -V` said is kept in .local, so that a second call starts no process.
func Find(ctx context.Context, c *config.Config) (Binary, error) {
	want, err := parseRange(pinned(c))
	if err != nil {
		return Binary{}, fmt.Errorf("nginx.version: %w", err)
	}
	known := loadCache(c)
	e := &notFound{}
	for _, path := range candidates(c) {
		st, err := os.Stat(path)
		if err != nil || st.IsDir() || st.Mode()&0o111 == 0 {
			if path == LocalBinary(c) {
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
		if v, _ := parseVersion(b.Version); !want.matches(v) {
			e.tried = append(e.tried, fmt.Sprintf("%s is %s, not %s", path, b.Version, pinned(c)))
			continue
		}
		return b, nil
	}
	if len(e.tried) < 2 {
		e.tried = append(e.tried, "none on PATH")
	}
	return Binary{}, e
}

func pinned(c *config.Config) string {
	if c.Nginx == nil {
		return ""
	}
	return c.Nginx.Version
}

// candidates are the places of an nginx, the best first. Those beside PATH are
// where packages put it, which an ordinary user's PATH often lacks.
func candidates(c *config.Config) []string {
	list := []string{LocalBinary(c)}
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
func inspect(ctx context.Context, c *config.Config, path string) (Binary, error) {
	b := Binary{Path: path, Source: "system"}
	if path == LocalBinary(c) {
		b.Source, b.Env = installed(c)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-V")
	cmd.Env = append(os.Environ(), b.Env...)
	cmd.WaitDelay = 10 * time.Second // a busy machine reads its last words late
	out, err := cmd.CombinedOutput()
	if err != nil {
		return b, fmt.Errorf("%s does not run: %w%s", path, err, firstLine(out))
	}
	if b.Version, b.Modules = parseBuild(string(out)); b.Version == "" {
		return b, fmt.Errorf("%s is no nginx: `nginx -V` says %q", path, strings.TrimSpace(firstLine(out)))
	}
	return b, nil
}

func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if line == "" {
		return ""
	}
	return " (" + line + ")"
}

// parseBuild reads the output of `nginx -V`: a line "nginx version: NAME/1.2.3"
// and one of "configure arguments: ...".
func parseBuild(out string) (ver string, modules []string) {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "nginx version: "); ok {
			_, v, _ = strings.Cut(v, "/")
			v, _, _ = strings.Cut(v, " ")
			if _, err := parseVersion(v); err == nil {
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

// cache is what was learnt about binaries, kept in .local/nginx-binaries.json.
// A binary that was replaced has another time or size.
type cache map[string]cached

type cached struct {
	Time   time.Time `json:"time"`
	Size   int64     `json:"size"`
	Binary Binary    `json:"binary"`
}

func cacheFile(c *config.Config) string {
	return filepath.Join(c.Dir, ".local", "nginx-binaries.json")
}

func loadCache(c *config.Config) cache {
	k := cache{}
	if data, err := os.ReadFile(cacheFile(c)); err == nil && json.Unmarshal(data, &k) != nil {
		k = cache{} // half a cache is none
	}
	return k
}

func (k cache) lookup(path string, st os.FileInfo) (Binary, bool) {
	e, ok := k[path]
	ok = ok && e.Size == st.Size() && e.Time.Equal(st.ModTime()) && e.Binary.Path == path && e.Binary.Version != ""
	return e.Binary, ok
}

// store keeps what was learnt. Not to be able to is no failure: it costs the
// next call some milliseconds.
func (k cache) store(c *config.Config, st os.FileInfo, b Binary) {
	k[b.Path] = cached{Time: st.ModTime(), Size: st.Size(), Binary: b}
	if data, err := json.MarshalIndent(k, "", "  "); err == nil {
		_ = replace(cacheFile(c), data, 0o600)
	}
}
