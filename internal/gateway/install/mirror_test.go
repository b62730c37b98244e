package install

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"deps.dev/util/semver"

	"muster/internal/gateway"
	"muster/internal/local"
)

// mirror serves builds as the site of the nginx binaries does.
type mirror struct {
	*httptest.Server
	mu       sync.Mutex
	index    index
	files    map[string][]byte
	requests []string
	// serve, where set, answers for a binary in place of the mirror.
	serve func(w http.ResponseWriter, r *http.Request, file []byte)
}

func newMirror(t *testing.T) *mirror {
	m := &mirror{index: index{FormatVersion: 2}, files: map[string][]byte{}}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/nginx-binaries/")
	m.requests = append(m.requests, name+" "+r.Header.Get("Range"))
	if name == "index.json" {
		_ = json.NewEncoder(w).Encode(m.index)
		return
	}
	data, ok := m.files[name]
	switch {
	case !ok:
		http.NotFound(w, r)
	case m.serve != nil:
		m.serve(w, r, data)
	default:
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
	}
}

// answer sets serve.
func (m *mirror) answer(serve func(w http.ResponseWriter, r *http.Request, file []byte)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.serve = serve
}

func (m *mirror) downloads() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.requests {
		if !strings.HasPrefix(r, "index.json") {
			n++
		}
	}
	return n
}

// fakeNginx is a program that says what `nginx -V` would.
func fakeNginx(version, build string) []byte {
	return []byte("#!/bin/sh\n# " + build + strings.Repeat(" padding", 20_000) + "\necho 'nginx version: nginx/" + version + "' >&2\n" +
		"echo 'configure arguments: --with-http_ssl_module --without-http_scgi_module' >&2\n")
}

func (m *mirror) add(version, variant, arch, system string, data []byte) string {
	name := "nginx-" + version + "-" + arch + "-" + system
	if variant != "" {
		name = "nginx-" + version + "-" + variant + "-" + arch + "-" + system
	}
	sum := sha1.Sum(data)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[name] = data
	m.index.Contents = append(m.index.Contents, build{
		Name: "nginx", Version: version, Variant: variant, Arch: arch, OS: system,
		Filename: name, Size: int64(len(data)), Checksum: "sha1:" + hex.EncodeToString(sum[:]),
	})
	return name
}

// newInstaller installs from m on a machine of linux/amd64 that has no other
// nginx and no packages.
func newInstaller(t *testing.T, m *mirror, version string) *installer {
	t.Helper()
	text := "nginx: {port: 8000, mirror: \"" + m.URL + "/nginx-binaries/\""
	if version != "" {
		text += ", version: \"" + version + "\""
	}
	c := load(t, text+"}\nservers: {core: {port: 8001}}\n")
	return &installer{
		c: c, client: m.Client(), open: local.Open, stall: 5 * time.Second, pause: time.Millisecond,
		goos: "linux", goarch: "amd64",
	}
}

// want checks the whole outcome of an installation.
func (i *installer) wantInstalled(t *testing.T, version string) gateway.Binary {
	t.Helper()
	b, err := i.standaloneOnly(t)
	if err != nil {
		t.Fatal(err)
	}
	if b.Version != version || b.Source != "standalone build" || b.Path != i.c.Local().NginxBinary() {
		t.Errorf("installed %+v, want %s", b, version)
	}
	found, err := Find(t.Context(), i.c)
	if err != nil || found.Path != b.Path || found.Version != version {
		t.Errorf("found %+v (%v)", found, err)
	}
	if left, _ := os.ReadDir(i.c.Local().Tmp()); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return b
}

func (i *installer) standaloneOnly(t *testing.T) (gateway.Binary, error) {
	t.Helper()
	var err error
	if i.want, err = parseRange(pinned(i.c)); err != nil {
		t.Fatal(err)
	}
	if err := i.c.Local().Make(); err != nil {
		t.Fatal(err)
	}
	if i.progress == nil {
		i.progress = func(e Event) {}
	}
	return i.standalone(t.Context())
}

// wantFailure checks that nothing was installed and that the error says why.
func (i *installer) wantFailure(t *testing.T, parts ...string) error {
	t.Helper()
	_, err := i.standaloneOnly(t)
	if err == nil {
		t.Fatal("was installed all the same")
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("the error %q does not say %q", err, p)
		}
	}
	if _, e := os.Stat(i.c.Local().NginxBinary()); e == nil {
		t.Error("left a binary behind")
	}
	return err
}

// newest is the range of a project that wants no version of its own.
func newest(t *testing.T) *semver.Constraint {
	t.Helper()
	r, err := parseRange("")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func stocked(t *testing.T) *mirror {
	m := newMirror(t)
	for _, v := range []string{"1.26.3", "1.28.0", "1.28.2", "1.29.4", "1.9.15"} {
		m.add(v, "", "x86_64", "linux", fakeNginx(v, "linux"))
		m.add(v, "", "aarch64", "linux", fakeNginx(v, "arm"))
		m.add(v, "", "arm64", "darwin", fakeNginx(v, "mac"))
	}
	m.add("1.30.0", "debug", "x86_64", "linux", fakeNginx("1.30.0", "debug"))
	m.add("1.30.0", "", "x86_64", "win32", fakeNginx("1.30.0", "windows"))
	m.index.Contents = append(m.index.Contents, build{Name: "njs", Version: "1.99.0", Arch: "x86_64", OS: "linux", Filename: "njs-1.99.0-x86_64-linux"})
	return m
}
