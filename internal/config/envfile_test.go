package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestReadEnvFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".env")
	text := "\ufeff# a comment\r\n" + `
PLAIN=value
  export EXPORTED = value with blanks   # and a comment
HASH=a#b
EMPTY=
EMPTY_TOO= # nothing
SINGLE='$HOME \n "x" # y'
DOUBLE="a\tb \"c\" \\n \$HOME $HOME"	# said
LINES="one
two"
MORE='three
four'
URL=postgres://u:p@h/db?x=1&y=2
exported=1
PLAIN=again
LAST=no line end`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadEnvFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := []EnvVar{
		{"PLAIN", "again"}, {"EXPORTED", "value with blanks"}, {"HASH", "a#b"}, {"EMPTY", ""}, {"EMPTY_TOO", ""},
		{"SINGLE", `$HOME \n "x" # y`}, {"DOUBLE", "a\tb \"c\" \\n $HOME $HOME"}, {"LINES", "one\ntwo"}, {"MORE", "three\nfour"},
		{"URL", "postgres://u:p@h/db?x=1&y=2"}, {"exported", "1"}, {"LAST", "no line end"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestEnvFileMistakesAreAllReportedWithTheirLine(t *testing.T) {
	_, err := parseEnv(".env", []byte("A=1\nB\nexport\nüx=1\n2C=3\nD=\"x\" y\nE='a\nb' c\nF=\x00\n=\nG=\"open\nH=1\n"))
	want := strings.Join([]string{
		".env:2:1: a = is missing: write NAME=VALUE",
		".env:3:1: a = is missing: write NAME=VALUE",
		".env:4:1: the name `üx` must be letters, digits and _, not beginning with a digit",
		".env:5:1: the name `2C` must be letters, digits and _, not beginning with a digit",
		".env:6:7: text follows the closing quote: put all of the value into quotes",
		".env:8:4: text follows the closing quote: put all of the value into quotes",
		".env:9:1: the value of F holds a NUL character, which no variable can",
		".env:10:1: the name `` must be letters, digits and _, not beginning with a digit",
		`.env:11:3: the " is not closed`,
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if _, err := parseEnv(".env", []byte("A=1\nB=\xff\n")); err == nil || err.Error() != ".env:2:3: byte 0xff is not UTF-8: save the file as UTF-8" {
		t.Error(err)
	}
	if _, err := ReadEnvFile(filepath.Join(t.TempDir(), "gone")); err == nil || !strings.Contains(err.Error(), "read environment: open ") {
		t.Error(err)
	}
}
