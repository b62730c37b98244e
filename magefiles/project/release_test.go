package project

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAnArchiveIsOfWhatIsInItAlone(t *testing.T) {
	t.Parallel()
	date := time.Date(2026, 11, 26, 9, 0, 1, 5, time.FixedZone("", 3600))
	entries := []entry{{"muster", []byte("program"), 0o755}, {"LICENSE", []byte("text"), 0o644}}
	dirs := []string{t.TempDir(), t.TempDir()}
	for _, dir := range dirs {
		for _, write := range []func(string, string, time.Time, []entry) error{writeTar, writeZip} {
			name := map[bool]string{true: "a.tar.gz", false: "a.zip"}[len(mustList(t, dir)) == 0]
			if err := write(filepath.Join(dir, name), "muster-1", date, entries); err != nil {
				t.Fatal(err)
			}
		}
		if err := writeSums(dir); err != nil {
			t.Fatal(err)
		}
		slices.Reverse(entries) // whoever lists them
		date = date.UTC()       // wherever that is
	}
	if err := sameFiles(dirs[0], dirs[1]); err != nil {
		t.Fatal(err)
	}
	if got := mustList(t, dirs[0]); !slices.Equal(got, []string{"SHA256SUMS", "a.tar.gz", "a.zip"}) {
		t.Errorf("%v", got)
	}
	data, _ := os.ReadFile(filepath.Join(dirs[0], "a.tar.gz"))
	unpacked, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(unpacked); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(date.Truncate(time.Second)) {
			t.Errorf("%+v", h)
		}
		names = append(names, h.Name)
	}
	if !slices.Equal(names, []string{"muster-1/LICENSE", "muster-1/muster"}) {
		t.Errorf("%v", names)
	}
	z, err := zip.OpenReader(filepath.Join(dirs[0], "a.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if f := z.File[1]; f.Name != "muster-1/muster" || f.Mode().Perm() != 0o755 {
		t.Errorf("%s %v", f.Name, f.Mode())
	}
	// One byte is a difference.
	if err := os.WriteFile(filepath.Join(dirs[1], "a.zip"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := sameFiles(dirs[0], dirs[1]); err == nil || !strings.Contains(err.Error(), "a.zip") {
		t.Errorf("%v", err)
	}
}

func mustList(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		names = append(names, f.Name())
	}
	return names
}

func TestTheManPageSaysWhatTheTargetsSay(t *testing.T) {
	t.Parallel()
	said := map[string]string{
		"-l": "muster: ...\n\nTargets:\n  backend:start*    starts all.\n  backend:run       runs a task.\n",
		"-h backend:start": "Start starts all processes.  -nowait returns at once, C:\\x too.\n\nUsage:\n\n\tmuster backend:start [<flags>]\n\n" +
			"Flags:\n\n\t-config=<string>\n\t-nowait=<bool>\n\t-drain=<time.Duration>\n\n",
		"-h backend:run": ".hidden files are run.\n\nUsage:\n\n\tmuster backend:run [<flags>] <task>\n\nFlags:\n\n\t-config=<string>\n\n",
	}
	page, err := manPage("1.2", time.Unix(0, 0), func(args ...string) (string, error) { return said[strings.Join(args, " ")], nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		".TH MUSTER 1 \"1970-01-01\" \"muster 1.2\"\n",
		".TP\n.B backend:start [\\-config=STRING] [\\-nowait] [\\-drain=DURATION]\nStart starts all processes.\n.IP\n\\-nowait returns at once, C:\\ex too.\n",
		".TP\n.B backend:run TASK [\\-config=STRING]\n\\&.hidden files are run.\n.SH EXIT STATUS\n",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("lacks %q:\n%s", want, page)
		}
	}
}

func TestEveryLinkedModuleHasItsLicence(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable() // this test links what it tests
	if err != nil {
		t.Fatal(err)
	}
	linked, err := linkedModules(t.Context(), exe)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := moduleFolders(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	if len(linked) == 1 { // go test tells of no modules: then those that muster's sources name
		linked = append(linked, module{"github.com/magefile/mage", "v1"}, module{"golang.org/x/sys", "v0"}, module{"gopkg.in/yaml.v3", "v3"})
	}
	licences, err := readLicences(linked, folders)
	if err != nil {
		t.Fatal(err)
	}
	text := string(licenceText(linked, licences))
	for _, has := range []string{"std 1.", "gopkg.in/yaml.v3 v", "The Go Authors"} {
		if !strings.Contains(text, has) {
			t.Errorf("no %q in the licences", has)
		}
	}
	bill, err := bom(release{stamp: "abc,2026,"}, "linux/amd64", linked, licences)
	var back struct {
		SpecVersion string
		Components  []struct{ Name, Version, Purl string }
	}
	if err := errors.Join(err, json.Unmarshal(bill, &back)); err != nil {
		t.Fatal(err)
	}
	if len(back.Components) != len(linked) || back.SpecVersion == "" || back.Components[0].Name != "std" {
		t.Errorf("%s", bill)
	}
	if _, err := readLicences([]module{{"example.com/none", "v1"}}, map[string]string{"example.com/none": t.TempDir()}); err == nil {
		t.Error("a module without a licence was taken")
	}
}
