package toolchain

import (
	"context"
	"errors"
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
	switch {
	case !f.debian:
		f.miss("apt-get", "the system is not Debian")
		return nil, nil
	case !f.root:
		f.miss("apt-get", "installing the packages of the system needs root")
		return nil, nil
	}
	apt := f.lookPath("apt-get")
	if apt == "" {
		f.miss("apt-get", "it is not on PATH")
		return nil, nil
	}
	if err := f.aptInstall(ctx, apt); err != nil {
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

func (f *finder) aptInstall(ctx context.Context, apt string) error {
	step := func(args ...string) error {
		// A second package manager at work is waited for, not failed on.
		argv := append([]string{apt, "-o", "DPkg::Lock::Timeout=120"}, args...)
		f.report("apt-get " + strings.Join(args, " "))
		_, err := run(ctx, command{argv: argv, dir: "/", env: append(f.env, "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")})
		return err
	}
	install := append([]string{"install", "--yes", "--no-install-recommends"}, debianPackages()...)
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
