package targets_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"muster/internal/config"
	"muster/internal/local"
)

var checkoutRounds = flag.Int("checkouts", 3, "how often TestCheckoutsStartAtOneMoment does so")

// TestCheckoutsStartAtOneMoment (-checkouts=100: a hundred times) starts four checkouts whose folders all lead to the
// same ports, together: each gets ports that no other one has, serves on them, and
// has them again once all have been stopped together.
func TestCheckoutsStartAtOneMoment(t *testing.T) {
	t.Parallel()
	for round := range *checkoutRounds {
		dirs := rivals(t, 4)
		t.Cleanup(func() {
			roots := []string{}
			for _, dir := range dirs {
				roots = append(roots, string(local.Of(dir)))
			}
			if err := nothingLeft(roots, nil); err != nil {
				t.Error(err)
			}
			killLeft(roots)
		})
		together := func(target string) {
			var wg sync.WaitGroup
			for _, dir := range dirs {
				for range 2 { // and two commands in each
					wg.Go(func() {
						cmd := exec.Command(os.Getenv(binaryVar), target)
						cmd.Dir = dir
						if out, err := cmd.CombinedOutput(); err != nil {
							t.Errorf("round %d: %s in %s: %v\n%s", round, target, dir, err, out)
						}
					})
				}
			}
			wg.Wait()
		}
		var first []int
		for again := range 2 {
			together("backend:start")
			var got []int
			for i, dir := range dirs {
				c, err := config.Load(filepath.Join(dir, "dev-config.yaml"))
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, c.Servers[0].Port)
				if who := servedBy(t, c.Servers[0].Port); who != dir {
					t.Errorf("round %d: port %d of %s is served for %s", round, got[i], dir, who)
				}
			}
			if again == 0 {
				first = got
			} else if fmt.Sprint(got) != fmt.Sprint(first) {
				t.Errorf("round %d: ports %v at first, then %v", round, first, got)
			}
			together("backend:stop")
		}
		if t.Failed() {
			return
		}
	}
}

// rivals are folders of checkouts that have the same ports by their paths.
func rivals(t *testing.T, n int) []string {
	fake, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "fake") // the test's program is known by its name
	if err := os.Symlink(fake, link); err != nil {
		t.Fatal(err)
	}
	text := fmt.Appendf(nil, "ports: auto\nservers: {web: {command: [%q, -port, '{port}']}}\n", link)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	byBlock := map[int][]string{}
	for i := 0; ; i++ {
		at := filepath.Join(dir, fmt.Sprint("checkout", i))
		c, err := config.Parse(filepath.Join(at, "dev-config.yaml"), text)
		if err != nil {
			t.Fatal(err)
		}
		same := append(byBlock[c.Block.First], at)
		byBlock[c.Block.First] = same
		if len(same) < n {
			continue
		}
		for _, at := range same {
			if err := local.Write(filepath.Join(at, "dev-config.yaml"), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return same
	}
}

// servedBy asks the fake at a port for the folder of its project.
func servedBy(t *testing.T, port int) string {
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/?env=MUSTER_PROJECT", port))
	if err != nil {
		t.Error(err)
		return ""
	}
	defer resp.Body.Close()
	var answer struct{ Env string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Error(err)
	}
	return local.Dir(answer.Env).Project()
}

// TestProjectsAreListedSoon, with thirty processes, and by what lives alone.
func TestProjectsAreListedSoon(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("this system does not tell of other processes")
	}
	dir := t.TempDir()
	text := "servers: {}\nworkers: {sleeper: {command: [sleep, '60'], instances: 30}}\n"
	if err := os.WriteFile(filepath.Join(dir, "dev-config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(target ...string) []byte {
		cmd := exec.Command(os.Getenv(binaryVar), target...)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", target, err, out)
		}
		return out
	}
	t.Cleanup(func() { run("backend:stop", "-timeout=2s") })
	run("backend:start")
	const most = 20 * time.Millisecond
	best := time.Hour
	for end := time.Now().Add(patience); best > most && time.Now().Before(end); { // others may be at work here
		began := time.Now()
		run("dev:projects", "-json")
		best = min(best, time.Since(began))
	}
	t.Log("listed in", best)
	if best > most && !raceDetector {
		t.Errorf("%s, not %s", best, most)
	}
}
