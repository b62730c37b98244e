// Package workspace tells what a project's folder is part of: its repository, and
// for Node.js the workspace and the package manager. It reads files and runs nothing.
package workspace

import (
	"os"
	"path/filepath"
)

// Folders are a folder and those above it, the nearest first, up to that of its
// repository. Outside of every repository they end with top where that is above, and
// else with the folder itself.
func Folders(dir, top string) []string {
	all := []string{dir}
	last := 1 // how many of them count
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		child := all[len(all)-1]
		if exists(filepath.Join(child, ".git")) {
			return all
		}
		if child == top {
			last = len(all)
		}
		if parent == child {
			return all[:last]
		}
		all = append(all, parent)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
