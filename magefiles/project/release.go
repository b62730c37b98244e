package project

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"muster/internal/console"
	"muster/internal/hint"
	"muster/templates"
)

// platforms are those that a release is for.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// Release makes what people download, of the commit: for each platform an archive with
// the binary, completion, a man page, licences and a bill of materials, and SHA256SUMS.
//
// It is built twice, in two folders, and has to be the same to the byte. What is not
// committed is not in it. It lies in dist/VERSION, where VERSION is the tag, or what
// git describe says.
func Release(ctx context.Context) error {
	return console.Exit(func() error {
		cfg, err := example()
		if err != nil {
			return err
		}
		r, err := newRelease(ctx, cfg.Dir)
		if err != nil {
			return err
		}
		dist := filepath.Join(cfg.Dir, "dist")
		if err := os.MkdirAll(dist, 0o755); err != nil {
			return err
		}
		// Beside what becomes of it: so it can be renamed into place.
		work, err := os.MkdirTemp(dist, ".making-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		first, again := filepath.Join(work, "first"), filepath.Join(work, "again-in-another-folder")
		for _, dir := range []string{first, again} {
			if err := step("release "+r.version, func() error { return r.make(ctx, dir) }); err != nil {
				return err
			}
		}
		if err := sameFiles(filepath.Join(first, "out"), filepath.Join(again, "out")); err != nil {
			return fmt.Errorf("two builds of %s differ: %w", r.version, err)
		}
		to := filepath.Join(dist, r.version)
		if err := os.Rename(to, filepath.Join(work, "before")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Rename(filepath.Join(first, "out"), to); err != nil {
			return err
		}
		stderr.Done("%s: two builds, one digest", to)
		return nil
	}())
}

// release is a commit that becomes one.
type release struct {
	repository string
	version    string
	stamp      string // of internal/version
	date       time.Time
}

func newRelease(ctx context.Context, dir string) (release, error) {
	r := release{repository: dir}
	version, err := r.git(ctx, "describe", "--tags", "--always")
	if err != nil {
		return r, hint.With(err, "a release is made in a clone of the repository")
	}
	commit, err := r.git(ctx, "log", "-1", "--format=%H,%cI,")
	if err != nil {
		return r, err
	}
	r.version, r.stamp = strings.ReplaceAll(string(version), "/", "-"), string(commit)
	r.date, err = time.Parse(time.RFC3339, strings.Split(r.stamp, ",")[1])
	return r, err
}

func (r release) git(ctx context.Context, args ...string) ([]byte, error) {
	out, err := output(ctx, r.repository, nil, append([]string{"git"}, args...)...)
	return bytes.TrimSpace(out), err
}

// output is what a program prints.
func output(ctx context.Context, dir string, env []string, argv ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(argv[:min(3, len(argv))], " "), err, bytes.TrimSpace(complaints.Bytes()))
	}
	return out, nil
}

// make makes the files of a release in dir/out, of sources in dir/src.
func (r release) make(ctx context.Context, dir string) error {
	src, out := filepath.Join(dir, "src"), filepath.Join(dir, "out")
	for _, d := range []string{src, out, filepath.Join(dir, "bin")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	tarball := filepath.Join(dir, "src.tar")
	if _, err := r.git(ctx, "archive", "--output="+tarball, "HEAD"); err != nil {
		return err
	}
	if _, err := output(ctx, dir, nil, "tar", "-xf", tarball, "-C", src); err != nil {
		return err
	}
	binaries := map[string]string{}
	for _, p := range append([]string{runtime.GOOS + "/" + runtime.GOARCH}, platforms...) {
		if binaries[p] != "" {
			continue
		}
		var err error
		if binaries[p], err = r.build(ctx, src, filepath.Join(dir, "bin"), p); err != nil {
			return err
		}
	}
	common, err := commonFiles(ctx, src, binaries[runtime.GOOS+"/"+runtime.GOARCH], r)
	if err != nil {
		return err
	}
	modules, err := moduleFolders(ctx, src)
	if err != nil {
		return err
	}
	for _, p := range platforms {
		if err := r.archive(ctx, out, p, binaries[p], common, modules); err != nil {
			return err
		}
	}
	return writeSums(out)
}

// ownTargets is the part of magefile.go that imports this package.
const ownTargets = "\t// mage:import\n\t_ \"muster/magefiles/project\"\n"

// build builds the static binary for a platform, as project.mk does.
func (r release) build(ctx context.Context, src, to, platform string) (string, error) {
	system, arch, _ := strings.Cut(platform, "/")
	folder := filepath.Join(src, "build") // always: its name is in the binary
	if err := os.Mkdir(folder, 0o755); err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	magefile, err := os.ReadFile(filepath.Join(src, "magefiles", "magefile.go"))
	if err != nil {
		return "", err
	}
	// What tests and measures this repository is of no use elsewhere.
	released := bytes.Replace(magefile, []byte(ownTargets), nil, 1)
	if len(released) == len(magefile) {
		return "", errors.New("magefiles/magefile.go does not import this repository's own targets as is expected")
	}
	if err := os.WriteFile(filepath.Join(folder, "magefile.go"), released, 0o644); err != nil {
		return "", err
	}
	file := filepath.Join(to, system+"-"+arch)
	_, err = output(ctx, src, []string{"CGO_ENABLED=0", "GOFLAGS=-trimpath -buildvcs=false", "GOAMD64=v1", "GOARM64=v8.0"},
		"go", "tool", "mage", "-d", "build", "-w", ".", "-goos", system, "-goarch", arch,
		"-ldflags", "-s -w -buildid= -X muster/internal/version.stamp="+r.stamp, "-compile", file)
	return file, err
}

// archive packs what a platform's people get.
func (r release) archive(ctx context.Context, out, platform, binary string, common []entry, modules map[string]string) error {
	system, arch, _ := strings.Cut(platform, "/")
	program, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	linked, err := linkedModules(ctx, binary)
	if err != nil {
		return err
	}
	licences, err := readLicences(linked, modules)
	if err != nil {
		return err
	}
	bill, err := bom(r, platform, linked, licences)
	if err != nil {
		return err
	}
	name := "muster"
	if system == "windows" {
		name += ".exe"
	}
	entries := append([]entry{{name, program, 0o755}, {"sbom.cdx.json", bill, 0o644},
		{"THIRD_PARTY_LICENSES", licenceText(linked, licences), 0o644}}, common...)
	folder := "muster-" + r.version + "-" + system + "-" + arch
	if system == "windows" {
		return writeZip(filepath.Join(out, folder+".zip"), folder, r.date, entries)
	}
	return writeTar(filepath.Join(out, folder+".tar.gz"), folder, r.date, entries)
}

// commonFiles are what is the same on every platform.
func commonFiles(ctx context.Context, src, binary string, r release) ([]entry, error) {
	var all []entry
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		data, err := os.ReadFile(filepath.Join(src, name))
		if err != nil {
			return nil, err
		}
		all = append(all, entry{name, data, 0o644})
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		text, err := templates.Completion(shell, "muster") // the one on PATH
		if err != nil {
			return nil, err
		}
		all = append(all, entry{"completion/muster." + shell, []byte(text), 0o644})
	}
	page, err := manPage(r.version, r.date, func(args ...string) (string, error) {
		text, err := output(ctx, src, nil, append([]string{binary}, args...)...)
		return string(text), err
	})
	return append(all, entry{"muster.1", page, 0o644}), err
}

// sameFiles fails with the first file that is not the same in both folders.
func sameFiles(a, b string) error {
	names := map[string]bool{}
	for _, dir := range []string{a, b} {
		list, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, f := range list {
			names[f.Name()] = true
		}
	}
	for name := range names {
		one, err1 := os.ReadFile(filepath.Join(a, name))
		two, err2 := os.ReadFile(filepath.Join(b, name))
		if err := cmp.Or(err1, err2); err != nil {
			return err
		}
		if !bytes.Equal(one, two) {
			return fmt.Errorf("%s is of %x and of %x", name, sha256.Sum256(one), sha256.Sum256(two))
		}
	}
	return nil
}

// writeSums writes SHA256SUMS, which sha256sum -c reads.
func writeSums(dir string) error {
	list, err := os.ReadDir(dir) // sorted
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, f := range list {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), f.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), sums.Bytes(), 0o644)
}
