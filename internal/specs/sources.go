package specs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// realDirs are folders by the paths that events have.
func realDirs(dirs ...string) []string {
	all := make([]string, len(dirs))
	for i, d := range dirs {
		all[i] = d
		if real, err := filepath.EvalSymlinks(d); err == nil && d != "" {
			all[i] = real
		}
	}
	return all
}

// below tells whether a path is in one of the folders; "" is none.
func below(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool {
		return d != "" && (path == d || strings.HasPrefix(path, d+string(filepath.Separator)))
	})
}

// isSource tells by its name whether a file can change what the application
// serves.
func isSource(path string) bool {
	return isKind(path, ".py", ".pyi", ".json", ".yaml", ".yml", ".toml", ".env", ".ini", ".cfg")
}

// isSpecFile tells whether a file in the specs' folder can be part of a
// document; documents may refer to files of any name.
func isSpecFile(path string) bool { return isKind(path, ".json", ".yaml", ".yml") }

// isKind tells whether a file has one of the endings. Folders, and what is no
// more, count.
func isKind(path string, endings ...string) bool {
	ext := filepath.Ext(path)
	if slices.Contains(endings, ext) {
		return true
	}
	st, err := os.Lstat(path)
	return err != nil && ext == "" || err == nil && st.IsDir()
}
