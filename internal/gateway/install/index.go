package install

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"deps.dev/util/semver"
)

// The published index of jirutka/nginx-binaries, index.json at the root of its
// site (source: that project's README and its repository's scripts/generate-index).
type index struct {
	FormatVersion int     `json:"formatVersion"`
	Contents      []build `json:"contents"`
}

// build is one binary of the index.
type build struct {
	Name      string `json:"name"` // nginx or njs
	Version   string `json:"version"`
	Variant   string `json:"variant"` // "" or such as debug
	Arch      string `json:"arch"`
	OS        string `json:"os"`
	Filename  string `json:"filename"`
	Size      int64  `json:"size"`
	Checksum  string `json:"checksum"`  // sha1:HEX
	Integrity string `json:"integrity"` // sha1-HEX, sometimes
}

// maxBinary bounds a download whose size the index does not tell.
const maxBinary = 256 << 20

func parseIndex(data []byte) (*index, error) {
	var x index
	if err := json.Unmarshal(data, &x); err != nil {
		return nil, fmt.Errorf("index.json is not what the nginx binaries' site publishes: %w", err)
	}
	if x.FormatVersion != 2 {
		return nil, fmt.Errorf("index.json has the format %d, and only 2 is understood", x.FormatVersion)
	}
	return &x, nil
}

// choose picks a build of nginx for a machine: what is locked for it and, with
// nothing locked, the newest that is wanted. With no wish the newest stable one.
func (x *index) choose(want *semver.Constraint, goos, goarch string, locked lockFile) (build, error) {
	arches := archNames(goarch)
	var best build
	var here, all []string
	offered := false // what is locked
	for _, b := range x.Contents {
		if b.Name != "nginx" || b.Variant != "" || !isVersion(b.Version) || !safeFilename(b.Filename) {
			continue
		}
		if b.OS != goos || !slices.Contains(arches, b.Arch) || foreign(b.Filename, goos, goarch) {
			all = append(all, b.OS+"/"+b.Arch)
			continue
		}
		here = append(here, b.Version)
		if len(locked) > 0 {
			if locked[b.Filename] == "" {
				continue
			}
			offered = true
		} else if want.String() == "" && !stable(b.Version) {
			continue
		}
		if want.Match(b.Version) && (best.Filename == "" || semver.NPM.Compare(b.Version, best.Version) > 0) {
			best = b
		}
	}
	versions := cmp.Or(strings.Join(here, ", "), "none")
	switch {
	case best.Filename != "":
		return best, nil
	case offered:
		return best, &lockError{fmt.Sprintf("nginx.lock holds %s, and nginx.version wants %s; the mirror offers %s", locked.list(), want, versions), renew}
	case len(locked) > 0:
		return best, &lockError{fmt.Sprintf("nginx.lock holds %s, which the mirror does not offer; for %s/%s it offers %s", locked.list(), goos, goarch, versions), renew}
	case len(here) > 0:
		return best, fmt.Errorf("no build of that version for %s/%s; there are %s", goos, goarch, versions)
	default:
		return best, fmt.Errorf("no build for %s/%s; there are builds for %s", goos, goarch, strings.Join(slices.Compact(slices.Sorted(slices.Values(all))), ", "))
	}
}

// archNames are the index's names of an architecture, which differ between
// systems.
func archNames(goarch string) []string {
	switch goarch {
	case "amd64":
		return []string{"x86_64"}
	case "arm64":
		return []string{"aarch64", "arm64"}
	case "arm":
		return []string{"armv7l"}
	}
	return []string{goarch}
}

// sha1 is the checksum in hex, from whichever field has it.
func (b build) sha1() (string, error) {
	for _, s := range []string{b.Checksum, strings.Replace(b.Integrity, "sha1-", "sha1:", 1)} {
		if sum, ok := strings.CutPrefix(s, "sha1:"); ok && len(sum) == 40 {
			return strings.ToLower(sum), nil
		}
	}
	return "", fmt.Errorf("index.json has no checksum for %s", b.Filename)
}
