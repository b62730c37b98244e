package install

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/local"
)

// lockFile holds the SHA-256 of the binaries that may be installed, by file
// name: one for each kind of machine. It lies beside the configuration file and
// belongs in version control: the index has only SHA-1, so the first download of
// a team vouches for all later ones. Its lines are those of sha256sum(1).
type lockFile map[string]string

// lockError is something that the lock file forbids. No other way of installing
// nginx may explain it away.
type lockError struct{ text, hint string }

func (e *lockError) Error() string { return e.text }
func (e *lockError) Hint() string  { return e.hint }

// renew tells how a person changes what is locked.
const renew = "install the newest that is offered, and lock that, with: nginx:install -update"

func lockPath(c *config.Config) string { return filepath.Join(c.Dir, "nginx.lock") }

// readLock has an error where the file does not say what is locked: a damaged
// one must not let everything through.
func readLock(c *config.Config) (lockFile, error) {
	const restore = "restore nginx.lock from version control; without one, the next download is locked"
	l := lockFile{}
	data, err := local.Read(lockPath(c), local.MaxState)
	if errors.Is(err, os.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, &lockError{fmt.Sprintf("read the lock file: %v", err), restore}
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		sum, name, ok := strings.Cut(line, "  ")
		if !ok || len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" || !safeFilename(name) {
			return nil, &lockError{fmt.Sprintf("%s:%d: must be a SHA-256, two blanks and a file name", lockPath(c), n), restore}
		}
		if l[name] != "" {
			return nil, &lockError{fmt.Sprintf("%s:%d: %s is there a second time", lockPath(c), n, name), restore}
		}
		l[name] = sum
	}
	if len(l) == 0 {
		return nil, &lockError{lockPath(c) + " locks nothing: it was emptied or cut off", restore}
	}
	return l, nil
}

// here is what is locked for a machine.
func (l lockFile) here(goos, goarch string) lockFile {
	h := maps.Clone(l)
	maps.DeleteFunc(h, func(name, _ string) bool { return foreign(name, goos, goarch) })
	return h
}

// foreign tells a file of another machine by its name, which is such as
// nginx-1.28.2-x86_64-linux. The index, which tells it too, is what the lock
// guards against. A name that tells nothing is for any machine.
func foreign(name, goos, goarch string) bool {
	systems := [][]string{{"linux"}, {"darwin", "macos"}, {"win32", "windows"}, {"freebsd"}}
	machines := [][]string{{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"armv7l", "armhf"}, {"riscv64"}, {"ppc64le"}, {"s390x"}}
	return names(name, systems, goos) || names(name, machines, append(archNames(goarch), goarch)...)
}

// names tells whether name holds a word of another group than ours.
func names(name string, groups [][]string, ours ...string) bool {
	return slices.ContainsFunc(groups, func(group []string) bool {
		mine := slices.ContainsFunc(group, func(word string) bool { return slices.Contains(ours, word) })
		return !mine && slices.ContainsFunc(group, func(word string) bool { return strings.Contains(name, word) })
	})
}

// list is what is locked, for people.
func (l lockFile) list() string { return strings.Join(slices.Sorted(maps.Keys(l)), ", ") }

func (l lockFile) write(c *config.Config) error {
	var b strings.Builder
	b.WriteString("# SHA-256 of the nginx binaries that muster installs, until nginx:install -update. Keep this file in version control.\n")
	for _, name := range slices.Sorted(maps.Keys(l)) {
		b.WriteString(l[name] + "  " + name + "\n")
	}
	return local.Write(lockPath(c), []byte(b.String()), 0o644)
}

// safeFilename accepts a plain name: it becomes part of a path and of a URL.
func safeFilename(s string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
	return s != "" && s[0] != '.' && strings.Trim(s, plain) == ""
}
