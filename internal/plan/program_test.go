package plan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/hint"
)

func TestWhyAProgramCannotBeRunIsSaid(t *testing.T) {
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("good", "#!/bin/sh\n", 0o755)
	write("nothing", "", 0o755)
	write("binary", "\x7fELF#!\r\n", 0o755)
	write("env", "#! /usr/bin/env python3\n", 0o755)
	write("my script", "#!/bin/sh\n", 0o644)
	write("crlf", "#!/usr/bin/env python3\r\n", 0o755)
	write("bom", "\xef\xbb\xbf#!/bin/sh\n", 0o755)
	write("gone", "#!/no/such/python -u\n", 0o755)
	write("folder/x", "", 0o644)
	write("bin/onpath", "#!/bin/sh\n", 0o644)
	write("bin/crlfpath", "#!/bin/sh\r\n", 0o755)
	if err := os.Symlink("no-target", filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, test := range []struct{ name, wrong, hint string }{
		{"./good", "", ""},
		{"./nothing", "", ""},
		{"./binary", "", ""},
		{"./env", "", ""},
		{"sh", "", ""},
		{"./my script", `my script" is not executable`, "chmod +x '" + dir + "/my script'"},
		{"onpath", `bin/onpath" is not executable`, "chmod +x " + bin + "/onpath"},
		{"./crlf", "the first line of " + dir + "/crlf ends in CRLF", `sed -i.orig 's/\r$//' ` + dir + "/crlf"},
		{"crlfpath", "bin/crlfpath ends in CRLF", "sed"},
		{"./bom", "byte order mark", "UTF-8"},
		{"./gone", "names the interpreter /no/such/python, which is not there", ""},
		{"./folder", "is a folder", ""},
		{"./dangling", "is a link to no-target, which is not there", ""},
		{"./missing", "missing\" not found", ""},
		{"no-such-program", `program "no-such-program" not found`, ""},
		{"good", `program "good" not found`, "write ./good"},
	} {
		exe, err := LookPath(test.name, dir, nil)
		if test.wrong == "" {
			if err != nil || !filepath.IsAbs(exe) {
				t.Errorf("%s: %s, %v", test.name, exe, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.wrong) || !strings.Contains(hint.Of(err), test.hint) {
			t.Errorf("%s: %v (hint %q)", test.name, err, hint.Of(err))
		}
	}
}
