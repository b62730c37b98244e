package clients

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"muster/internal/config"
	"muster/internal/local"
)

// record tells, for each generated folder, which input and output it has when
// nothing needs to be done. It saves work, and a missing or broken one costs no
// more than that work.
type record struct {
	file string
	Made map[string]made `json:"made,omitempty"`
}

type made struct{ Input, Output string }

func readRecord(cfg *config.Config) *record {
	r := &record{file: local.Of(cfg.Dir).ClientRecord("made")}
	if data, err := local.Read(r.file, local.MaxState); err == nil && json.Unmarshal(data, r) != nil {
		r.Made = nil
	}
	if r.Made == nil {
		r.Made = map[string]made{}
	}
	return r
}

func (r *record) write() error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return local.Write(r.file, append(data, '\n'), 0o600)
}

// leftOver lists the files of folders that were made from a document that is no
// more, and are still as they were made: a generator of somebody's own leaves
// no other mark. What is listed already is left out.
func leftOver(cfg *config.Config, rec *record, outs []output, listed []change) []change {
	var all []change
	for _, place := range slices.Sorted(maps.Keys(rec.Made)) {
		wanted := slices.ContainsFunc(outs, func(out output) bool { return out.place == place })
		ours := slices.ContainsFunc(cfg.Specs.TypeScript, func(c config.TypeScriptClients) bool { return within(c.Dir, place) })
		if wanted || !ours || digestFolder(place) != rec.Made[place].Output {
			continue
		}
		files, err := readFolder(place)
		if err != nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			file := filepath.Join(place, filepath.FromSlash(name))
			if !slices.ContainsFunc(listed, func(c change) bool { return c.File == file }) {
				all = append(all, change{file, files[name], nil})
			}
		}
	}
	return all
}

// digest joins what an input is made of.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// digestFolder is the state of every file in a folder; "" when it is missing.
func digestFolder(dir string) string {
	var parts []string
	filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || local.IsTemporary(e.Name()) {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		rel, _ := filepath.Rel(dir, path)
		parts = append(parts, rel, string(data))
		return nil
	})
	if len(parts) == 0 {
		return ""
	}
	return digest(parts...)
}
