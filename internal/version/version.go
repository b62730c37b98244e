// Package version tells which build of muster this is.
package version

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// stamp is set by the linker: the commit, its date (RFC 3339) and, if the sources
// differed from it, "modified"; with commas between.
var stamp string

// modulePath is that of go.mod.
const modulePath = "muster"

// Build is one build.
type Build struct {
	Version  string `json:"version,omitempty"` // of the module, where another one imports it
	Commit   string `json:"commit,omitempty"`  // "": not known
	Date     string `json:"date,omitempty"`    // of the commit, in RFC 3339
	Modified bool   `json:"modified"`          // the sources were not those of the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// This is the build of this program.
func This() Build {
	b := Build{Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if fields := strings.Split(stamp, ","); len(fields) >= 2 {
		b.Commit, b.Date, b.Modified = fields[0], fields[1], len(fields) > 2 && fields[2] != ""
		return b
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, dep := range info.Deps {
		if dep.Path == modulePath {
			b.Version = dep.Version
		}
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String is the build on one line.
func (b Build) String() string {
	s := b.Version
	if b.Commit != "" {
		s = strings.TrimSpace(s + " " + b.Commit[:min(len(b.Commit), 12)])
		if b.Modified {
			s += " with changes"
		}
		s += " of " + b.Date
	}
	if s == "" {
		s = "of an unknown commit"
	}
	return s + ", " + b.Go + " " + b.Platform
}
