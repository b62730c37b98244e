package install

import (
	"encoding/json"
	"os"
	"time"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/local"
)

// cache is what was learnt about binaries, kept in .local/nginx-binaries.json.
// A binary that was replaced has another time or size.
type cache map[string]cached

type cached struct {
	Time   time.Time      `json:"time"`
	Size   int64          `json:"size"`
	Binary gateway.Binary `json:"binary"`
}

func loadCache(c *config.Config) cache {
	k := cache{}
	if data, err := local.Read(c.Local().NginxKnown(), local.MaxState); err == nil && (json.Unmarshal(data, &k) != nil || k == nil) {
		k = cache{} // half a cache is none
	}
	return k
}

func (k cache) lookup(path string, st os.FileInfo) (gateway.Binary, bool) {
	e, ok := k[path]
	ok = ok && e.Size == st.Size() && e.Time.Equal(st.ModTime()) && e.Binary.Path == path && e.Binary.Version != ""
	return e.Binary, ok
}

// store keeps what was learnt. Not to be able to is no failure: it costs the
// next call some milliseconds.
func (k cache) store(c *config.Config, st os.FileInfo, b gateway.Binary) {
	k[b.Path] = cached{Time: st.ModTime(), Size: st.Size(), Binary: b}
	if data, err := json.MarshalIndent(k, "", "  "); err == nil {
		_ = local.Write(c.Local().NginxKnown(), data, 0o600)
	}
}
