package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/internal/apitest"
)

// TestInARealBrowser does what a person does, and what a hostile page does, in
// Chromium: testdata/page.mjs has the scenarios, which run side by side. With SHOTS_DIR
// it leaves screenshots.
func TestInARealBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes a while")
	}
	chromium, err := exec.LookPath("chromium")
	if named := os.Getenv("CHROMIUM"); named != "" {
		chromium, err = named, nil
	}
	if err != nil {
		t.Skip("no chromium")
	}
	modules := filepath.Dir(apitest.Programs(t, "playwright-core@1.65.1", "axe-core@4"))
	p := newFixture(t)
	lines := 1_000_000
	if raceDetector { // which has a search of so many take longer than anybody waits
		lines /= 10
	}
	from := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
	p.longLog(lines, from)
	p.start()
	p.serve()
	shots := os.Getenv("SHOTS_DIR")
	args, err := json.Marshal(map[string]any{"url": p.url, "token": p.token, "pipe": p.pipe(), "gateway": fmt.Sprintf("http://127.0.0.1:%d", p.port),
		"modules": modules, "shots": shots, "from": from.UnixMilli(), "lines": lines})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "testdata/page.mjs", string(args))
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium, "NO_PROXY=127.0.0.1,localhost,evil.test")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, stderr.Bytes())
	}
	passed := 0
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "ok "); ok {
			passed++
			t.Run(name, func(*testing.T) {})
			continue
		}
		if rest, ok := strings.CutPrefix(line, "not ok "); ok {
			name, why, _ := strings.Cut(rest, "\t")
			t.Run(name, func(t *testing.T) { t.Error(strings.ReplaceAll(why, `\n`, "\n")) })
			continue
		}
		t.Log(line)
	}
	if passed == 0 {
		t.Error("no scenario was run")
	}
}
