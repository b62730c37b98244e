package install

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestInstallTakesTheNewestStableVersion(t *testing.T) {
	t.Parallel()
	m := stocked(t)
	i := newInstaller(t, m, "")
	var last Event
	i.progress = func(e Event) {
		if e.Total > 0 {
			last = e
		}
	}
	i.wantInstalled(t, "1.28.2")
	if last.Done != last.Total || last.Total < 1000 {
		t.Errorf("the progress ended with %+v", last)
	}
	sum := sha256.Sum256(m.files["nginx-1.28.2-x86_64-linux"])
	lock, err := os.ReadFile(lockPath(i.c))
	if want := hex.EncodeToString(sum[:]) + "  nginx-1.28.2-x86_64-linux\n"; err != nil || !strings.HasSuffix(string(lock), want) {
		t.Errorf("the lock file is %q (%v), want %q", lock, err, want)
	}
	i.wantInstalled(t, "1.28.2")
	if n := m.downloads(); n != 1 {
		t.Errorf("two installations of the same took %d downloads", n)
	}
}

func TestInstallTakesTheWantedVersion(t *testing.T) {
	t.Parallel()
	m := stocked(t)
	for wish, want := range map[string]string{
		"1.28": "1.28.2", "1.26.x": "1.26.3", "1.28.0": "1.28.0", "^1.26": "1.29.4", "~1.28.0": "1.28.2",
		">=1.26 <1.28": "1.26.3", ">1.28": "1.29.4", "<=1.28": "1.28.2", "<1.28.2": "1.28.0", "1.29": "1.29.4", ">1.28.0 <1.29": "1.28.2",
	} {
		r, err := parseRange(wish)
		if err != nil {
			t.Fatal(err)
		}
		b, err := m.index.choose(r, "linux", "amd64", nil)
		if err != nil || b.Version != want || b.Filename != "nginx-"+want+"-x86_64-linux" {
			t.Errorf("%s took %s (%v), want %s", wish, b.Filename, err, want)
		}
	}
	newInstaller(t, m, "1.26").wantInstalled(t, "1.26.3")
	newInstaller(t, m, "1.27").wantFailure(t, "no build of that version for linux/amd64", "1.28.2")
}

func TestInstallTakesTheBuildOfTheMachine(t *testing.T) {
	t.Parallel()
	m := stocked(t)
	for machine, want := range map[string]string{
		"linux/arm64": "nginx-1.28.2-aarch64-linux", "darwin/arm64": "nginx-1.28.2-arm64-darwin", "linux/amd64": "nginx-1.28.2-x86_64-linux",
	} {
		goos, goarch, _ := strings.Cut(machine, "/")
		if b, err := m.index.choose(newest(t), goos, goarch, nil); err != nil || b.Filename != want {
			t.Errorf("%s took %s (%v), want %s", machine, b.Filename, err, want)
		}
	}
	i := newInstaller(t, m, "")
	i.goarch = "riscv64"
	i.wantFailure(t, "no build for linux/riscv64", "linux/x86_64")
}

func TestInstallStaysWithTheLockedVersion(t *testing.T) {
	t.Parallel()
	m := stocked(t)
	i := newInstaller(t, m, "1.28.0")
	i.wantInstalled(t, "1.28.0")
	lock, err := os.ReadFile(lockPath(i.c))
	if err != nil {
		t.Fatal(err)
	}
	other := newInstaller(t, m, "")
	if err := os.WriteFile(lockPath(other.c), lock, 0o644); err != nil {
		t.Fatal(err)
	}
	other.wantInstalled(t, "1.28.0")
}

func TestInstallRefusesAFileThatTheLockDoesNotKnow(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	name := m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", "good"))
	first := newInstaller(t, m, "")
	first.wantInstalled(t, "1.28.2")
	lock, err := os.ReadFile(lockPath(first.c))
	if err != nil {
		t.Fatal(err)
	}

	m.index.Contents = nil
	m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", "evil")) // with a SHA-1 that fits
	i := newInstaller(t, m, "")
	if err := os.WriteFile(lockPath(i.c), lock, 0o644); err != nil {
		t.Fatal(err)
	}
	err = i.wantFailure(t, name, "the mirror serves another file")
	if h, ok := err.(interface{ Hint() string }); !ok || h.Hint() == "" {
		t.Error("the error has no hint")
	}
	// No other way may explain it away.
	if _, err := i.install(t.Context()); err == nil || !strings.Contains(err.Error(), "the mirror serves another file") {
		t.Errorf("the whole installation said %v", err)
	}
	if now, _ := os.ReadFile(lockPath(i.c)); string(now) != string(lock) {
		t.Error("the lock file was changed")
	}
}

func TestAnInstalledFileThatTheLockDoesNotKnowIsNotBelieved(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	name := m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", "good"))
	i := newInstaller(t, m, "")
	i.wantInstalled(t, "1.28.2")
	if err := (lockFile{name: strings.Repeat("0", 64)}).write(i.c); err != nil {
		t.Fatal(err)
	}
	var wrong *lockError
	if b, err := i.standalone(t.Context()); !errors.As(err, &wrong) {
		t.Errorf("got %+v (%v)", b, err)
	}
}

func TestInstallReportsABadIndex(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	newInstaller(t, m, "").wantFailure(t, "no build for linux/amd64")
	m.index.FormatVersion = 3
	newInstaller(t, m, "").wantFailure(t, "format 3")
	m.index = index{FormatVersion: 2, Contents: []build{{Name: "nginx", Version: "1.28.2", Arch: "x86_64", OS: "linux", Filename: "../../evil", Checksum: "sha1:"}}}
	newInstaller(t, m, "").wantFailure(t, "no build for")
}

func TestInstallRefusesWhatDoesNotRun(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	m.add("1.28.2", "", "x86_64", "linux", []byte("\x7fELF but not really"))
	i := newInstaller(t, m, "")
	i.wantFailure(t, "does not run")
	m = newMirror(t)
	m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.20.0", ""))
	newInstaller(t, m, "").wantFailure(t, "says that it is 1.20.0")
}

func TestAFailedInstallLeavesTheOldBinary(t *testing.T) {
	t.Parallel()
	m := stocked(t)
	i := newInstaller(t, m, "")
	i.wantInstalled(t, "1.28.2")
	before, _ := os.ReadFile(i.c.Local().NginxBinary())
	name := m.add("1.32.0", "", "x86_64", "linux", fakeNginx("1.32.0", ""))
	m.files[name][100]++
	i.c.Nginx.Version = "1.32"
	if _, err := i.standaloneOnly(t); err == nil {
		t.Fatal("a damaged file was installed")
	}
	if after, _ := os.ReadFile(i.c.Local().NginxBinary()); string(after) != string(before) {
		t.Error("the old binary is gone")
	}
}

func TestTheEnvironmentNamesTheMirror(t *testing.T) {
	m := stocked(t)
	i := newInstaller(t, m, "")
	i.c.Nginx.Mirror = "http://127.0.0.1:1"
	t.Setenv(mirrorVariable, m.URL+"/nginx-binaries")
	i.wantInstalled(t, "1.28.2")
}

func TestInstallEndsWithTheSystemsNginxOrAllReasons(t *testing.T) {
	bin := t.TempDir()
	i := newInstaller(t, newMirror(t), "")
	nginx, err := Find(t.Context(), i.c)
	if err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(nginx.Path, filepath.Join(bin, "nginx")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	b, err := i.install(t.Context())
	if err != nil || b.Source != "system" {
		t.Errorf("installed %+v (%v)", b, err)
	}
	i = newInstaller(t, newMirror(t), "7.7.7")
	_, err = i.install(t.Context())
	var h interface{ Hint() string }
	if err == nil || !errors.Is(err, ErrNotFound) || !errors.As(err, &h) || !strings.Contains(h.Hint(), "gateway: builtin") {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"standalone build from " + i.mirror(), "the distribution's package: there is no apt-get", "the system's nginx: ", "not 7.7.7"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

func TestTwoInstallationsAtOnceDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	m.answer(func(w http.ResponseWriter, _ *http.Request, data []byte) {
		for len(data) > 0 {
			n := min(len(data), 32_000)
			_, _ = w.Write(data[:n])
			_ = http.NewResponseController(w).Flush()
			data = data[n:]
			time.Sleep(5 * time.Millisecond)
		}
	})
	first := newInstaller(t, m, "")
	var wg sync.WaitGroup
	for range 4 {
		i := *first
		wg.Go(func() {
			if b, err := i.install(t.Context()); err != nil || b.Version != "1.28.2" {
				t.Errorf("installed %+v (%v)", b, err)
			}
		})
	}
	wg.Wait()
	if n := m.downloads(); n != 1 {
		t.Errorf("four installations of the same took %d downloads", n)
	}
}

func TestABadLockFileIsReportedWithItsLine(t *testing.T) {
	t.Parallel()
	i := newInstaller(t, stocked(t), "")
	for _, line := range []string{"nonsense", strings.Repeat("0", 64) + "  ../nginx", strings.Repeat("0", 63) + "  nginx"} {
		if err := os.WriteFile(lockPath(i.c), []byte("# text\n"+line+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		i.wantFailure(t, "nginx.lock:2: ")
	}
}
