package toolchain

import (
	"context"
	"errors"
	"os"
	"strings"
)

// debianPackages brings what the servers need; packages.debian.org has all of
// them since Debian 11.
func debianPackages() []string {
	return []string{"python3-fastapi", "python3-uvicorn", "python3-websockets"}
}

// distribution installs the distribution's packages, where that needs no
// password.
func (f *finder) distribution(ctx context.Context) (*interpreter, error) {
	if f.refused("apt-get") {
		return nil, nil
	}
	a := apt{report: f.report, env: f.env, root: f.root, debian: f.debian}
	if err := a.install(ctx, debianPackages()); err != nil {
		f.miss("apt-get", err.Error())
		return nil, nil
	}
	for _, path := range f.system {
		delete(f.probes, path)
		if p := f.accept(ctx, "apt-get", path); p != nil {
			return p, nil
		}
	}
	return nil, nil
}

// InstallPackages installs packages of Debian, as root and only there. It says
// what it does before it does it, and refuses where nothing may be installed.
func InstallPackages(ctx context.Context, packages []string, report func(string)) error {
	if why := Refusal(); why != "" {
		return errors.New(why)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	a := apt{report: report, env: os.Environ(), root: os.Geteuid() == 0, debian: isDebian()}
	return a.install(ctx, packages)
}

// apt is the package manager of Debian, and whether it can be used.
type apt struct {
	report func(string)
	env    []string
	root   bool
	debian bool
}

func (a apt) install(ctx context.Context, packages []string) error {
	switch {
	case !a.debian:
		return errors.New("the system is not Debian")
	case !a.root:
		return errors.New("installing the packages of the system needs root")
	}
	exe := lookPath(a.env, "apt-get")
	if exe == "" {
		return errors.New("it is not on PATH")
	}
	step := func(args ...string) error {
		// A second package manager at work is waited for, not failed on.
		argv := append([]string{exe, "-o", "DPkg::Lock::Timeout=120"}, args...)
		a.report("apt-get " + strings.Join(args, " "))
		_, err := run(ctx, command{argv: argv, dir: "/", env: append(a.env, "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")})
		return err
	}
	install := append([]string{"install", "--yes", "--no-install-recommends"}, packages...)
	if step(install...) == nil {
		return nil
	}
	// The lists of a fresh machine are empty or old.
	if err := step("update"); err != nil {
		return errors.New("apt-get update " + err.Error())
	}
	if err := step(install...); err != nil {
		return errors.New("apt-get install " + err.Error())
	}
	return nil
}

func isDebian() bool { return exists("/etc/debian_version") }
