package project

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"muster/internal/local"
)

// eslintFiles are what ESLint is got by, and its configuration.
var eslintFiles = []string{"package.json", "package-lock.json", "eslint.config.mjs"}

// getESLint installs ESLint, once, into a folder of the user's cache that is named
// for its files, and returns the command that runs it. Its packages are no part of
// the example: who tries that needs none of them.
func getESLint(ctx context.Context, dir string) (argv []string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	files, sum := map[string][]byte{}, sha256.New()
	for _, name := range eslintFiles {
		if files[name], err = os.ReadFile(filepath.Join(dir, "magefiles", "project", "eslint", name)); err != nil {
			return nil, err
		}
		sum.Write(files[name])
	}
	home := filepath.Join(cache, "muster-tests", "eslint-"+hex.EncodeToString(sum.Sum(nil)[:6]))
	done := filepath.Join(home, "complete")
	if _, err := os.Stat(done); err != nil {
		stderr.Step("ESLint and its packages are got from the npm registry, once, into " + home)
		for name, data := range files {
			if err := local.Write(filepath.Join(home, name), data, 0o644); err != nil {
				return nil, err
			}
		}
		install := command{dir: home, argv: []string{"npm", "ci", "--no-fund", "--no-audit", "--ignore-scripts", "--silent"}}
		if err := install.run(ctx, dir, os.Environ()); err != nil {
			return nil, err
		}
		if err := local.Write(done, nil, 0o644); err != nil {
			return nil, err
		}
	}
	return []string{filepath.Join(home, "node_modules", ".bin", "eslint"), "--max-warnings=0", "--config", filepath.Join(home, "eslint.config.mjs")}, nil
}
