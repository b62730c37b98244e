package supervise

import (
	"crypto/sha256"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// ownReloads tells the reloads that a server's own start brings about from
// those of an editor. A start that writes a source which is watched makes the
// reloader start again, for ever; with two such servers, each the other's too.
type ownReloads struct {
	began, served time.Time           // the last start's; served is zero before its first good answer
	wrote         map[string][32]byte // what the start before had written
}

// ownWrites is how long after its first good answer a start may still write.
const ownWrites = 3 * time.Second

// ended takes the end of a worker, and with it the beginning of the next start.
// It returns the sources that two starts in a row have written alike: an editor
// hardly saves the same text during both.
func (r *ownReloads) ended(dirs, leftOut []string) (own []string) {
	changed, last := changedSources(dirs, leftOut, r.began)
	if len(changed) == 0 { // it ended for another reason, or was counted already
		return nil
	}
	before := r.wrote
	r.wrote = changed
	if !r.served.IsZero() && last.After(r.served.Add(ownWrites)) {
		r.wrote = nil
	}
	for path, sum := range r.wrote {
		if before[path] == sum {
			own = append(own, path)
		}
	}
	r.began, r.served = time.Now(), time.Time{}
	slices.Sort(own)
	return own
}

// changedSources reads what of the sources that uvicorn watches has changed
// since then, and tells the time of the last change.
func changedSources(dirs, leftOut []string, since time.Time) (changed map[string][32]byte, last time.Time) {
	changed = map[string][32]byte{}
	since = since.Add(-10 * time.Millisecond) // the kernel's clock of files lags behind
	for _, dir := range dirs {
		filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			switch name := filepath.Base(path); {
			case err != nil:
			case e.IsDir() && path != dir && (name[0] == '.' || name == "node_modules" || name == "venv"):
				return fs.SkipDir
			case slices.Contains(leftOut, path):
				if e.IsDir() {
					return fs.SkipDir
				}
			case e.Type().IsRegular() && filepath.Ext(path) == ".py":
				st, err := e.Info()
				if err != nil || st.ModTime().Before(since) || st.Size() > maxSource {
					break
				}
				if b, err := os.ReadFile(path); err == nil {
					changed[path] = sha256.Sum256(b)
				}
				if st.ModTime().After(last) {
					last = st.ModTime()
				}
			}
			return nil
		})
	}
	return changed, last
}

// maxSource is more than any source takes that a person edits, in bytes.
const maxSource = 10 << 20

// folders puts a folder in the place of the files in it, if they are all of its
// sources and it is none of the watched folders themselves.
func folders(files, dirs []string) []string {
	byDir := map[string][]string{}
	for _, f := range files {
		byDir[filepath.Dir(f)] = append(byDir[filepath.Dir(f)], f)
	}
	var out []string
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		entries, _ := os.ReadDir(dir)
		others := slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
			path := filepath.Join(dir, e.Name())
			return filepath.Ext(path) == ".py" && !slices.Contains(byDir[dir], path)
		})
		if !others && !slices.Contains(dirs, dir) {
			out = append(out, dir)
		} else {
			out = append(out, byDir[dir]...)
		}
	}
	return out
}
