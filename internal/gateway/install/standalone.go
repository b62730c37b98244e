package install

import (
	"context"
	"crypto/sha1" // what the index publishes; the lock file adds SHA-256
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"muster/internal/gateway"
)

// standalone installs the mirror's build.
func (i *installer) standalone(ctx context.Context) (gateway.Binary, error) {
	lock, err := readLock(i.c)
	if err != nil {
		return gateway.Binary{}, err
	}
	locked := lock.here(i.goos, i.goarch)
	if i.update {
		locked = nil
	}
	if b, ok := i.present(ctx, func(_, sum256 string) bool { return slices.Contains(slices.Collect(maps.Values(locked)), sum256) }); ok {
		return b, nil
	}
	if len(locked) == 0 {
		if err := i.trustworthy(); err != nil {
			return gateway.Binary{}, err
		}
	}
	data, err := i.fetchIndex(ctx)
	if err != nil {
		return gateway.Binary{}, err
	}
	x, err := parseIndex(data)
	if err != nil {
		return gateway.Binary{}, err
	}
	chosen, err := x.choose(i.want, i.goos, i.goarch, locked)
	if err != nil {
		return gateway.Binary{}, err
	}
	sum, err := chosen.sha1()
	if err != nil {
		return gateway.Binary{}, err
	}
	if b, ok := i.present(ctx, func(sum1, sum256 string) bool { return sum1 == sum && sum256 == lock[chosen.Filename] }); ok {
		return b, nil
	}
	part := filepath.Join(i.c.Local().Tmp(), chosen.Filename+".part")
	if err := i.download(ctx, chosen, part); err != nil {
		return gateway.Binary{}, err
	}
	got1, got256, err := sums(part)
	if err != nil {
		return gateway.Binary{}, fmt.Errorf("download nginx: %w", err)
	}
	if got1 != sum {
		os.Remove(part)
		return gateway.Binary{}, fmt.Errorf("%s has the SHA-1 %s, and index.json says %s: it was damaged or replaced on its way", chosen.Filename, got1, sum)
	}
	if want := locked[chosen.Filename]; want != "" && want != got256 {
		os.Remove(part)
		return gateway.Binary{}, &lockError{
			fmt.Sprintf("%s has the SHA-256 %s, but %s says %s: the mirror serves another file than it did", chosen.Filename, got256, lockPath(i.c), want),
			"do not use it before you know why; to accept the new file: nginx:install -update"}
	}
	b, err := i.try(ctx, part, chosen)
	if err != nil {
		os.Remove(part)
		return gateway.Binary{}, err
	}
	if len(locked) == 0 {
		for name := range lock.here(i.goos, i.goarch) {
			delete(lock, name)
		}
		lock[chosen.Filename] = got256
		if err := lock.write(i.c); err != nil {
			return gateway.Binary{}, err
		}
	}
	b.Source, b.Path = "standalone build", i.c.Local().NginxBinary()
	return b, i.place(part, origin{Source: b.Source})
}

// present tells whether a binary that fits is installed already.
func (i *installer) present(ctx context.Context, fits func(sum1, sum256 string) bool) (gateway.Binary, bool) {
	sum1, sum256, err := sums(i.c.Local().NginxBinary())
	if err != nil || !fits(sum1, sum256) {
		return gateway.Binary{}, false
	}
	b, err := inspect(ctx, i.c, i.c.Local().NginxBinary())
	return b, err == nil && i.want.Match(b.Version)
}

// try runs the downloaded binary before it takes the place of another.
func (i *installer) try(ctx context.Context, path string, chosen build) (gateway.Binary, error) {
	if err := os.Chmod(path, 0o755); err != nil {
		return gateway.Binary{}, fmt.Errorf("install nginx: %w", err)
	}
	b, err := inspect(ctx, i.c, path)
	for range 20 {
		if !errors.Is(err, syscall.ETXTBSY) {
			break
		}
		// A process that another goroutine is starting still holds the
		// descriptor that wrote the file, until it gets to its own exec.
		time.Sleep(10 * time.Millisecond)
		b, err = inspect(ctx, i.c, path)
	}
	if err == nil && b.Version != chosen.Version {
		err = fmt.Errorf("%s says that it is %s", chosen.Filename, b.Version)
	}
	return b, err
}

// sums are a file's SHA-1 and SHA-256 in hex.
func sums(path string) (s1, s256 string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	h1, h256 := sha1.New(), sha256.New()
	if _, err := io.Copy(io.MultiWriter(h1, h256), f); err != nil {
		return "", "", err
	}
	return hex.EncodeToString(h1.Sum(nil)), hex.EncodeToString(h256.Sum(nil)), nil
}
