package install

import (
	"encoding/json"

	"muster/internal/config"
	"muster/internal/local"
)

// origin is what an installation writes down beside the binary.
type origin struct {
	Source string   `json:"source"`
	Env    []string `json:"env,omitempty"`
}

func originFile(c *config.Config) string { return c.Local().NginxBinary() + ".json" }

// installed tells what the installation wrote down about the binary below .local.
func installed(c *config.Config) (source string, env []string) {
	o := origin{}
	data, err := local.Read(originFile(c), local.MaxState)
	if err != nil || json.Unmarshal(data, &o) != nil || o.Source == "" {
		o.Source = "local"
	}
	return o.Source, o.Env
}
