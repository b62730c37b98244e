package install

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/fuzztest"
	"muster/internal/local"
)

// FuzzLock tries that of nginx.lock whatever is taken is written again as the same, and
// that the line is named of what is not.
func FuzzLock(f *testing.F) {
	sum := strings.Repeat("0123456789abcdef", 4)
	f.Add([]byte("# x\n" + sum + "  nginx-1.28.2-x86_64-linux\r\n\n" + sum + "  nginx-1.28.2-aarch64-linux\n"))
	f.Add([]byte(sum + "  ../x\n"))
	f.Add([]byte(sum + "  a\n" + sum + "  a\n"))
	f.Add([]byte("# nothing\n"))
	placed := regexp.MustCompile(`nginx\.lock(:\d+: | locks nothing)`)
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzztest.Bound(t)
		c := &config.Config{Dir: t.TempDir()}
		if err := os.WriteFile(lockPath(c), text, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := readLock(c)
		if err != nil {
			if l != nil || !placed.MatchString(err.Error()) {
				t.Errorf("%v, and %v", err, l)
			}
			return
		}
		for name := range l {
			if strings.ContainsAny(name, "/\\ \n") {
				t.Errorf("locks %q", name)
			}
		}
		l.here("linux", "amd64")
		if err := l.write(c); err != nil {
			t.Fatal(err)
		}
		if again, err := readLock(c); err != nil || !maps.Equal(again, l) {
			t.Errorf("%v was written, and is %v: %v", l, again, err)
		}
	})
}

// FuzzKept tries what is kept of binaries, and of where one comes from: damaged it is
// worth nothing, and no failure.
func FuzzKept(f *testing.F) {
	f.Add([]byte(`{"/usr/sbin/nginx":{"time":"2026-11-26T06:00:00Z","size":3,"binary":{"Path":"/usr/sbin/nginx","Version":"1.28.2"}}}`))
	f.Add([]byte(`{"source":"distribution's package","env":["LD_LIBRARY_PATH=/x"]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzztest.Bound(t)
		c := &config.Config{Dir: t.TempDir()}
		for _, file := range []string{c.Local().NginxKnown(), originFile(c), c.Local().NginxBinary()} {
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := local.Write(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		st, err := os.Stat(c.Local().NginxBinary())
		if err != nil {
			t.Fatal(err)
		}
		k := loadCache(c)
		if b, ok := k.lookup(c.Local().NginxBinary(), st); ok && b.Path != c.Local().NginxBinary() {
			t.Errorf("knows %+v", b)
		}
		b := k[""].Binary
		b.Path, b.Version = c.Local().NginxBinary(), "1.28.2"
		k.store(c, st, b)
		if _, ok := loadCache(c).lookup(b.Path, st); !ok {
			t.Error("what was learnt is not known")
		}
		if source, _ := installed(c); source == "" {
			t.Error("it comes from nowhere")
		}
	})
}

func FuzzDependencies(f *testing.F) {
	f.Add("libc6 (>= 2.34), libcrypt1 (>= 1:4.1.0), libpcre2-8-0 | libpcre3, iproute2:any")
	f.Fuzz(func(t *testing.T, field string) {
		fuzztest.Bound(t)
		for _, name := range dependencies(field) {
			if name == "" || strings.ContainsAny(name, " ,:") {
				t.Errorf("%q", name)
			}
		}
	})
}
