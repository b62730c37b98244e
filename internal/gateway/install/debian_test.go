package install

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/gateway"
)

// packDeb builds NAME_1_all.deb in dir.
func packDeb(t *testing.T, dir, name, depends string, files map[string][]byte) {
	t.Helper()
	root := filepath.Join(t.TempDir(), name)
	control := fmt.Sprintf("Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDepends: %s\nDescription: test\n", name, depends)
	write := func(path string, data []byte) {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("DEBIAN/control", []byte(control))
	for path, data := range files {
		write(path, data)
	}
	if out, err := exec.Command("dpkg-deb", "-Znone", "-b", root, filepath.Join(dir, name+"_1_all.deb")).CombinedOutput(); err != nil {
		t.Skipf("no dpkg-deb: %v\n%s", err, out)
	}
}

// The way by a package, with a real package and a real dpkg-deb; only the
// download is a script's.
func TestInstallUnpacksTheDistributionsPackage(t *testing.T) {
	real, err := Find(t.Context(), load(t, project))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(real.Path)
	if err != nil {
		t.Fatal(err)
	}
	bin, debs := t.TempDir(), t.TempDir()
	// As in Debian 12 nginx is in the package of that name; nginx-light of
	// Debian 11 has it, and its package nginx is empty.
	for _, holder := range []string{"nginx", "nginx-light"} {
		t.Run(holder, func(t *testing.T) {
			for _, name := range []string{"nginx", "nginx-light"} {
				files := map[string][]byte{"usr/share/doc/nginx/copyright": []byte("text")}
				if name == holder {
					files["usr/sbin/nginx"] = data
				}
				packDeb(t, debs, name, "libc6 (>= 2.3), iproute2", files)
			}
			script := "#!/bin/sh\nfor last; do :; done\ncase \"$*\" in *update*) exit 0;; esac\n" +
				"cp '" + debs + "'/\"$last\"_1_all.deb . || { echo 'E: Unable to locate package' >&2; exit 100; }\n"
			if err := os.WriteFile(filepath.Join(bin, "apt-get"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
			i := newInstaller(t, newMirror(t), "") // with nothing in it
			var said []string
			i.progress = func(e Event) { said = append(said, e.Text) }
			b, err := i.install(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if b.Path != i.c.Local().NginxBinary() || b.Source != "distribution's package" || b.Version != real.Version {
				t.Errorf("installed %+v", b)
			}
			text := strings.Join(said, "\n")
			for _, want := range []string{"trying standalone build from " + i.mirror(), "no build for linux/amd64",
				"trying the distribution's package", "nginx " + b.Version + ", distribution's package"} {
				if !strings.Contains(text, want) {
					t.Errorf("said nothing of %q:\n%s", want, text)
				}
			}
			conf, err := gateway.Generate(i.c, gateway.Options{Binary: b, User: gateway.User()})
			if err == nil {
				_, err = gateway.Write(i.c.Local().NginxConf(), conf)
			}
			if err == nil {
				err = gateway.Validate(t.Context(), i.c, b, i.c.Local().NginxConf())
			}
			if err != nil {
				t.Error(err)
			}
			if left, _ := os.ReadDir(i.c.Local().Tmp()); len(left) > len(b.Modules) {
				for _, e := range left {
					if strings.HasPrefix(e.Name(), "package-") {
						t.Errorf("left behind: %s", e.Name())
					}
				}
			}
		})
	}
}

func TestInstallBringsMissingLibraries(t *testing.T) {
	bin, debs := t.TempDir(), t.TempDir()
	// A program that runs only with its library, as ldd too would say.
	program := "#!/bin/sh\n[ -e \"$LD_LIBRARY_PATH/libinner.so.1\" ] || { echo 'error while loading shared libraries' >&2; exit 127; }\n" +
		"echo 'nginx version: nginx/1.22.1' >&2\n"
	packDeb(t, debs, "nginx", "libouter1 (>= 2) | other, nginx-common", map[string][]byte{"usr/sbin/nginx": []byte(program)})
	packDeb(t, debs, "libouter1", "libinner1:any", map[string][]byte{"usr/lib/x/libouter.so.1": []byte("so")})
	packDeb(t, debs, "libinner1", "libc6", map[string][]byte{"usr/lib/y/libinner.so.1": []byte("so")})
	scripts := map[string]string{
		"apt-get": "for last; do :; done\ncp '" + debs + "'/\"$last\"_1_all.deb .\n",
		"ldd": "case \"$LD_LIBRARY_PATH\" in */y*) ;; *) echo 'libinner.so.1 => not found';; esac\n" +
			"case \"$LD_LIBRARY_PATH\" in */x*) ;; *) echo 'libouter.so.1 => not found';; esac\n",
	}
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	i := newInstaller(t, newMirror(t), "")
	b, err := i.install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := "LD_LIBRARY_PATH=" + i.c.Local().NginxLibs()
	if b.Version != "1.22.1" || len(b.Env) != 1 || b.Env[0] != want {
		t.Errorf("installed %+v, want %s", b, want)
	}
	for range 2 { // by asking the program, then from the cache
		if found, err := Find(t.Context(), i.c); err != nil || found.Path != b.Path || len(found.Env) != 1 || found.Env[0] != want {
			t.Errorf("found %+v (%v)", found, err)
		}
	}
}
