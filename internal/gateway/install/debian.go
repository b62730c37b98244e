package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"muster/internal/gateway"
)

// distribution installs nginx from the package of Debian and those after it,
// unpacked below .local. apt checks what it downloads.
func (i *installer) distribution(ctx context.Context) (gateway.Binary, error) {
	if lock, err := readLock(i.c); err != nil {
		return gateway.Binary{}, err
	} else if locked := lock.here(i.goos, i.goarch); len(locked) > 0 {
		return gateway.Binary{}, fmt.Errorf("nginx.lock holds %s, and a package would be another", locked.list())
	}
	if i.goos != "linux" {
		return gateway.Binary{}, errors.New("only Debian's and Ubuntu's packages can be unpacked without root")
	}
	for _, tool := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return gateway.Binary{}, fmt.Errorf("there is no %s: only Debian's and Ubuntu's packages can be unpacked without root", tool)
		}
	}
	work, err := os.MkdirTemp(i.c.Local().Tmp(), "package-")
	if err != nil {
		return gateway.Binary{}, fmt.Errorf("install nginx: %w", err)
	}
	defer os.RemoveAll(work)
	d := &debian{work: work, root: filepath.Join(work, "root"), say: i.say, got: map[string]bool{}}

	// The program lies in another package from one release to the next.
	var deb string
	for _, name := range []string{"nginx", "nginx-light", "nginx-core"} {
		if deb, err = d.unpack(ctx, name); err != nil {
			return gateway.Binary{}, err
		}
		if _, err := os.Stat(d.program()); err == nil {
			break
		}
	}
	if _, err := os.Stat(d.program()); err != nil {
		return gateway.Binary{}, errors.New("the packages nginx, nginx-light and nginx-core hold no /usr/sbin/nginx")
	}
	if err := d.libraries(ctx, deb); err != nil {
		return gateway.Binary{}, err
	}
	return i.unpacked(ctx, d)
}

// unpacked moves the program, and the libraries if it needs any, to their
// places.
func (i *installer) unpacked(ctx context.Context, d *debian) (gateway.Binary, error) {
	b := gateway.Binary{Path: d.program(), Source: "distribution's package"}
	libs := i.c.Local().NginxLibs()
	if dirs := d.libraryDirs(); len(dirs) > 0 {
		if strings.Contains(libs, ":") {
			return gateway.Binary{}, fmt.Errorf("%s holds a colon, with which no library can be found there", libs)
		}
		if err := os.RemoveAll(libs); err != nil {
			return gateway.Binary{}, fmt.Errorf("install nginx: %w", err)
		}
		if err := collect(dirs, libs); err != nil {
			return gateway.Binary{}, fmt.Errorf("install nginx: %w", err)
		}
		b.Env = []string{"LD_LIBRARY_PATH=" + libs}
	}
	out, err := b.Run(ctx, "-V")
	if err != nil {
		return gateway.Binary{}, fmt.Errorf("the packaged nginx does not run: %w", err)
	}
	if b.Version, b.Modules = parseBuild(out); !i.want.Match(b.Version) {
		return gateway.Binary{}, fmt.Errorf("the package has nginx %s, not %s", b.Version, pinned(i.c))
	}
	b.Path = i.c.Local().NginxBinary()
	return b, i.place(d.program(), origin{Source: b.Source, Env: b.Env})
}

// collect copies the shared libraries of dirs into one folder.
func collect(dirs []string, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !strings.Contains(e.Name(), ".so") {
				continue
			}
			data, err := os.ReadFile(filepath.Join(dir, e.Name())) // follows links
			if err != nil {
				continue // a link out of the package
			}
			if err := os.WriteFile(filepath.Join(to, e.Name()), data, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// debian unpacks packages into root.
type debian struct {
	work, root string
	say        func(string)
	updated    bool
	got        map[string]bool
}

func (d *debian) program() string { return filepath.Join(d.root, "usr", "sbin", "nginx") }

func (d *debian) run(ctx context.Context, env []string, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = d.work
	cmd.Env = append(append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive"), env...)
	cmd.WaitDelay = 10 * time.Second // a busy machine reads its last words late
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w%s", name, strings.Join(args, " "), err, aptError(string(out)))
	}
	return string(out), nil
}

// aptError is the first line of apt's that says what is wrong.
func aptError(out string) string {
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "E: ") {
			return " (" + strings.TrimSpace(line[3:]) + ")"
		}
	}
	return firstLine(out)
}

// unpack downloads a package and unpacks it. It returns the package's file.
func (d *debian) unpack(ctx context.Context, name string) (string, error) {
	d.got[name] = true
	d.say("downloading the package " + name)
	_, err := d.run(ctx, nil, "apt-get", append(d.lists(), "download", name)...)
	if err != nil && !d.updated {
		// The machine's lists are old or missing, and only root may renew them.
		d.updated = true
		for _, dir := range []string{"lists/partial", "cache/archives/partial"} {
			if e := os.MkdirAll(filepath.Join(d.work, dir), 0o755); e != nil {
				return "", e
			}
		}
		d.say("renewing the list of packages")
		if _, e := d.run(ctx, nil, "apt-get", append(d.lists(), "update")...); e != nil {
			return "", errors.Join(err, e)
		}
		_, err = d.run(ctx, nil, "apt-get", append(d.lists(), "download", name)...)
	}
	if err != nil {
		return "", err
	}
	debs, err := filepath.Glob(filepath.Join(glob(d.work), name+"_*.deb"))
	if err != nil || len(debs) == 0 {
		return "", fmt.Errorf("apt-get download %s left no package", name)
	}
	if err := os.MkdirAll(d.root, 0o755); err != nil {
		return "", err
	}
	_, err = d.run(ctx, nil, "dpkg-deb", "-x", debs[0], d.root)
	return debs[0], err
}

// glob escapes a folder's name for a pattern.
func glob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// lists are apt's options: not to wait long for a network that is not there,
// and to keep lists of our own, once they are needed.
func (d *debian) lists() []string {
	common := []string{"-q", "-o", "Acquire::http::Timeout=10", "-o", "Acquire::https::Timeout=10", "-o", "Acquire::Retries=1"}
	if !d.updated {
		return common
	}
	return append(common, "-o", "Dir::State::lists="+filepath.Join(d.work, "lists"),
		"-o", "Dir::Cache="+filepath.Join(d.work, "cache"))
}

// libraries unpacks the libraries that nginx needs and this machine lacks,
// those of deb's dependencies first, then those of theirs.
func (d *debian) libraries(ctx context.Context, deb string) error {
	queue := []string{deb}
	for len(queue) > 0 {
		missing, err := d.missing(ctx)
		if err != nil || len(missing) == 0 {
			return err
		}
		out, err := d.run(ctx, nil, "dpkg-deb", "-f", queue[0], "Depends")
		if err != nil {
			return err
		}
		queue = queue[1:]
		for _, name := range dependencies(out) {
			if !strings.HasPrefix(name, "lib") || d.got[name] {
				continue
			}
			lib, err := d.unpack(ctx, name)
			if err != nil {
				return err
			}
			queue = append(queue, lib)
		}
	}
	missing, err := d.missing(ctx)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("libraries are missing that no package brought: %s", strings.Join(missing, ", "))
	}
	return err
}

// missing are the libraries that the dynamic linker does not find.
func (d *debian) missing(ctx context.Context) ([]string, error) {
	if _, err := exec.LookPath("ldd"); err != nil {
		return nil, nil // the trial run will tell
	}
	env := []string{"LD_LIBRARY_PATH=" + strings.Join(d.libraryDirs(), ":")}
	out, err := d.run(ctx, env, "ldd", d.program())
	if err != nil && !strings.Contains(out, "not found") {
		if strings.Contains(out, "not a dynamic executable") {
			return nil, nil
		}
		return nil, err
	}
	var list []string
	for line := range strings.Lines(out) {
		if name, rest, ok := strings.Cut(line, "=>"); ok && strings.Contains(rest, "not found") {
			list = append(list, strings.TrimSpace(name))
		}
	}
	return list, nil
}

// libraryDirs are the unpacked folders that hold shared libraries.
func (d *debian) libraryDirs() []string {
	var dirs []string
	_ = filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.Contains(e.Name(), ".so") && !strings.Contains(path, "/modules/") {
			if dir := filepath.Dir(path); !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
		return nil
	})
	return dirs
}

// dependencies reads a package's field "Depends: a (>= 1), b | c".
func dependencies(field string) []string {
	var list []string
	for d := range strings.SplitSeq(field, ",") {
		d, _, _ = strings.Cut(strings.TrimSpace(d), " ")
		d, _, _ = strings.Cut(d, ":")
		if d != "" {
			list = append(list, d)
		}
	}
	return list
}
