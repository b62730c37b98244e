package config

import (
	"os"
	"testing"

	"muster/internal/fuzztest"
)

// FuzzKeptBlock tries that whatever lies in place of the ports that a checkout had, it
// gets some that are its to have.
func FuzzKeptBlock(f *testing.F) {
	f.Add([]byte(`{"folder":{"path":"/x","device":1,"inode":2},"first":3,"units":1}`))
	f.Add([]byte(`{"first":9223372036854775807,"units":9223372036854775807}`))
	f.Add([]byte(`{"first":479,"units":1}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, kept []byte) {
		fuzztest.Bound(t)
		c := &Config{Dir: t.TempDir()}
		if err := c.Local().Make(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(c.Local().Ports(), kept, 0o600); err != nil {
			t.Fatal(err)
		}
		b, ok := c.KeptBlock()
		if !ok {
			return
		}
		if b.port() < firstPort || b.port()+b.Units*unitPorts > firstClaim {
			t.Errorf("%+v has the ports from %d on", b, b.port())
		}
		c.Block = b
		if err := c.KeepBlock(); err != nil {
			t.Fatal(err)
		}
		if again, ok := c.KeptBlock(); !ok || again != b {
			t.Errorf("%+v was kept, and is %+v", b, again)
		}
	})
}
