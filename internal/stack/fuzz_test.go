package stack

import (
	"os"
	"testing"

	"muster/internal/config"
	"muster/internal/fuzztest"
	"muster/internal/plan"
)

// FuzzDashboard tries that the dashboard has a port and a secret, whatever lies in place
// of those of the last time.
func FuzzDashboard(f *testing.F) {
	f.Add([]byte(`{"folder":{"path":"/x","device":1,"inode":2},"port":10100}`), []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	f.Add([]byte(`{"port":-9223372036854775808}`), []byte("\x1b]0;x\a\r\n#?&ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	f.Add([]byte(`{"port":80}`), []byte(""))
	f.Fuzz(func(t *testing.T, kept, secret []byte) {
		fuzztest.Bound(t)
		cfg := &config.Config{Dir: t.TempDir()}
		dir := cfg.Local()
		if err := dir.Make(); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string][]byte{dir.DashboardPort(): kept, dir.DashboardToken(): secret} {
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		port, hold, err := dashboardPort(cfg, plan.Plan{})
		if err != nil || port < 1024 || port > 65535 {
			t.Errorf("port %d: %v", port, err)
		}
		if hold != nil {
			hold.Close()
		}
		link := DashboardLink(dir, "http://x")
		fuzztest.Shown(t, link)
		if again := DashboardLink(dir, "http://x"); again != link {
			t.Errorf("%q, and then %q", link, again)
		}
	})
}
