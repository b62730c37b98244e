package install

import (
	"context"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"muster/internal/hint"
)

const (
	lockedName = "nginx-1.28.2-x86_64-linux"
	newerName  = "nginx-1.30.0-x86_64-linux"
	macName    = "nginx-1.28.2-arm64-darwin"
)

// locked has installed 1.28.2 from m and holds a line of another machine's.
func locked(t *testing.T, m *mirror) lockFile {
	t.Helper()
	i := newInstaller(t, m, "")
	i.wantInstalled(t, "1.28.2")
	l, err := readLock(i.c)
	if err != nil || len(l) != 1 {
		t.Fatalf("locked %v (%v)", l, err)
	}
	l[macName] = strings.Repeat("a", 64)
	return l
}

func (i *installer) lock(t *testing.T, l lockFile) *installer {
	t.Helper()
	if err := l.write(i.c); err != nil {
		t.Fatal(err)
	}
	return i
}

// wantRefusal checks that the lock lets nothing pass, whichever way it comes.
func (i *installer) wantRefusal(t *testing.T, parts ...string) {
	t.Helper()
	before, _ := os.ReadFile(lockPath(i.c))
	i.wantFailure(t, parts...)
	_, err := i.install(t.Context())
	if err == nil || !strings.Contains(err.Error(), parts[0]) || strings.Contains(err.Error(), "the distribution's package") {
		t.Errorf("the whole installation said %v", err)
	}
	if h := hint.Of(err); h == "" {
		t.Errorf("%v has no hint", err)
	}
	if after, _ := os.ReadFile(lockPath(i.c)); string(after) != string(before) {
		t.Errorf("the lock file was changed to %s", after)
	}
}

func TestOnlyWhatIsLockedIsInstalledUntilAnUpdate(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	lock := locked(t, m)
	m.add("1.30.0", "", "x86_64", "linux", fakeNginx("1.30.0", ""))
	newInstaller(t, m, "").lock(t, lock).wantInstalled(t, "1.28.2")
	newInstaller(t, m, "1.30").lock(t, lock).wantRefusal(t, "nginx.lock holds "+lockedName, "nginx.version wants 1.30", "offers 1.28.2, 1.30.0")

	m.index.Contents = m.index.Contents[1:] // the mirror drops what is locked
	i := newInstaller(t, m, "").lock(t, lock)
	i.wantRefusal(t, "nginx.lock holds "+lockedName, "does not offer", "for linux/amd64 it offers 1.30.0")
	if _, err := i.install(t.Context()); !strings.Contains(hint.Of(err), "nginx:install -update") {
		t.Errorf("the hint is %q", hint.Of(err))
	}
	// Nor does it help to say that it is another machine's.
	m.mu.Lock()
	m.index.Contents = append(m.index.Contents, build{Name: "nginx", Version: "1.28.2", Arch: "x86_64", OS: "win32", Filename: lockedName})
	m.mu.Unlock()
	newInstaller(t, m, "").lock(t, lock).wantRefusal(t, "nginx.lock holds "+lockedName)

	i.update = true
	i.wantInstalled(t, "1.30.0")
	now, err := readLock(i.c)
	if err != nil || !slices.Equal(slices.Sorted(maps.Keys(now)), []string{macName, newerName}) {
		t.Errorf("after the update %v is locked (%v)", now, err)
	}
	m.add("1.32.0", "", "x86_64", "linux", fakeNginx("1.32.0", ""))
	i.update = false
	i.wantInstalled(t, "1.30.0")
}

func TestAnUpdateAcceptsAnotherFileOfTheSameName(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", "one"))
	lock := locked(t, m)
	m.index.Contents = nil
	m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", "other"))
	i := newInstaller(t, m, "").lock(t, lock)
	i.wantRefusal(t, "the mirror serves another file")
	i.update = true
	i.wantInstalled(t, "1.28.2")
	i.update = false
	i.wantInstalled(t, "1.28.2")
}

func TestWhatIsLockedAndInstalledNeedsNoMirror(t *testing.T) {
	t.Parallel()
	m := stocked(t)
	i := newInstaller(t, m, "")
	i.wantInstalled(t, "1.28.2")
	m.Close()
	i.wantInstalled(t, "1.28.2")
}

func TestAPackageIsNotWhatIsLocked(t *testing.T) {
	t.Parallel()
	m := stocked(t)
	i := newInstaller(t, m, "").lock(t, locked(t, m))
	m.Close()
	if b, err := i.distribution(t.Context()); err == nil || !strings.Contains(err.Error(), "nginx.lock holds "+lockedName) {
		t.Errorf("installed %+v (%v)", b, err)
	}
}

func TestANameOfAnotherMachineIsNotTaken(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	m.index.Contents[0].Filename = macName // or the lock would hold nothing for this one
	newInstaller(t, m, "").wantFailure(t, "no build for linux/amd64")
	for name, want := range map[string]bool{
		lockedName: false, macName: true, "nginx-1.28.2-aarch64-linux": true, "nginx-1.28.2-x86_64-win32": true, "nginx-linux-amd64": false,
		"nginx": false, "nginx-1.28.2-x86_64-lin": false, "nginx-macos": true,
	} {
		if foreign(name, "linux", "amd64") != want {
			t.Errorf("%s: another machine's is %v", name, !want)
		}
	}
}

func TestADamagedLockLetsNothingThrough(t *testing.T) {
	t.Parallel()
	m := stocked(t)
	line := strings.Repeat("0", 64) + "  " + lockedName + "\n"
	for text, want := range map[string]string{
		"": "locks nothing", "# SHA-256 of": "locks nothing", line[:40]: "nginx.lock:1: ", line + line[:70]: "the mirror does not offer",
		line + line: "nginx.lock:2: " + lockedName + " is there a second time", "<<<<<<< HEAD\n" + line: "nginx.lock:1: ", `{"lock": {}}`: "nginx.lock:1: ",
	} {
		i := newInstaller(t, m, "1.29")
		if err := os.WriteFile(lockPath(i.c), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if want == "the mirror does not offer" {
			want = "nginx.lock holds "
		}
		i.wantRefusal(t, want)
	}
	i := newInstaller(t, m, "")
	if err := os.Mkdir(lockPath(i.c), 0o755); err != nil {
		t.Fatal(err)
	}
	i.wantRefusal(t, "is a folder")
	i = newInstaller(t, m, "") // another folder's says nothing
	if err := os.WriteFile(filepath.Join(filepath.Dir(i.c.Dir), "nginx.lock"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	i.wantInstalled(t, "1.28.2")
}

// remote gives i a client that finds m under any name.
func (i *installer) remote(m *mirror, mirror string) *installer {
	i.c.Nginx.Mirror = mirror
	tr := m.Client().Transport.(*http.Transport).Clone()
	tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, m.Listener.Addr().String())
	}
	i.client = &http.Client{Transport: tr}
	return i
}

func TestWithoutHTTPSOnlyWhatIsLockedIsTaken(t *testing.T) {
	t.Parallel()
	m := stocked(t)
	lock := locked(t, m)
	const far = "http://mirror.test/nginx-binaries"
	asked := len(m.requests)
	newInstaller(t, m, "").remote(m, far).wantFailure(t, far+" is not https")
	newInstaller(t, m, "").remote(m, "http://localhost.mirror.test/").wantFailure(t, "is not https")
	newInstaller(t, m, "").lock(t, lockFile{macName: lock[macName]}).remote(m, far).wantFailure(t, "is not https")
	i := newInstaller(t, m, "").lock(t, lock).remote(m, far)
	i.update = true
	i.wantFailure(t, "is not https")
	if len(m.requests) != asked {
		t.Errorf("was asked all the same: %v", m.requests[asked:])
	}
	if b, err := i.install(t.Context()); err == nil || strings.Contains(err.Error(), "system") {
		t.Errorf("a failed update ended with %+v (%v)", b, err)
	}
	i.update = false
	i.wantInstalled(t, "1.28.2")
	newInstaller(t, m, "").remote(m, "http://a.LOCALHOST:1/nginx-binaries").wantInstalled(t, "1.28.2")
}

func TestRedirectsStayWithTheMirror(t *testing.T) {
	t.Parallel()
	other := stocked(t)
	var to string
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to+r.URL.Path, http.StatusFound)
	}))
	t.Cleanup(front.Close)
	m := stocked(t)
	lock := locked(t, m)
	to = other.URL
	i := newInstaller(t, other, "").lock(t, lock)
	i.c.Nginx.Mirror = front.URL + "/nginx-binaries"
	i.wantFailure(t, front.URL, "redirects to "+other.URL, "a mirror must answer itself")

	m.answer(func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, to+r.URL.Path, http.StatusFound)
	})
	i = newInstaller(t, m, "").lock(t, lock)
	i.wantFailure(t, lockedName, "redirects to "+other.URL)
	if n := other.downloads(); n != 0 {
		t.Errorf("the other host was asked for %d files", n)
	}
	m.answer(func(w http.ResponseWriter, r *http.Request, file []byte) {
		if r.URL.RawQuery == "" {
			http.Redirect(w, r, r.URL.Path+"?again", http.StatusFound)
			return
		}
		_, _ = w.Write(file)
	})
	i.wantInstalled(t, "1.28.2")
	m.answer(func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, r.URL.Path+"?"+r.URL.RawQuery+"x", http.StatusFound)
	})
	newInstaller(t, m, "").wantFailure(t, "stopped after 10 redirects")

	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"https://a.test/x", "https://A.test/y", true}, {"http://a.test/x", "https://a.test/x", true}, {"https://a.test/x", "http://a.test/x", false},
		{"https://a.test/x", "https://b.test/x", false}, {"https://a.test/x", "https://a.test.b.test/x", false}, {"https://a.test/x", "https://a.test:444/x", false},
		{"http://a.test/x", "https://b.test/x", false}, {"https://a.test/x", "file:///x", false},
	} {
		from, err := url.Parse(c.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := url.Parse(c.to)
		if err != nil {
			t.Fatal(err)
		}
		if err := stay(&http.Request{URL: to}, []*http.Request{{URL: from}}); (err == nil) != c.ok {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
		}
	}
}
