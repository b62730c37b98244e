package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestVariablesInEnvFiles(t *testing.T) {
	t.Setenv("MUSTER_TEST_SHELL", "of the shell")
	t.Setenv("MUSTER_TEST_A", "not the file's")
	got, err := parseEnv(".env", []byte(`A=a
B=${A}-${KNOWN}
C="${MUSTER_TEST_SHELL} \${A} $$ \\${A}"
D='${A} $$'
E=${NONE}
F=${NONE:-x${A}}
MUSTER_TEST_A=file
G=${MUSTER_TEST_A}
`), EnvVar{"KNOWN", "k"})
	want := []EnvVar{{"A", "a"}, {"B", "a-k"}, {"C", "of the shell ${A} $ \\a"}, {"D", "${A} $$"}, {"E", ""}, {"F", "xa"},
		{"MUSTER_TEST_A", "file"}, {"G", "not the file's"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q, %v\nwant %q", got, err, want)
	}
	if _, err := parseEnv(".env", []byte("A=${\nB=\"${NONE:?say it}\"\n")); err == nil || err.Error() !=
		".env:1:3: the value has ${ without }: write $${ for the text itself\n.env:2:3: the value needs the variable NONE: say it" {
		t.Errorf("%v", err)
	}
}

func TestTheFileOfAllProcessesFillsInVariables(t *testing.T) {
	t.Setenv("MUSTER_TEST_FILE", ".env")
	dir := put(t, map[string]string{".env": "WEB_PORT=8123\nNAME=x\n",
		"dev-config.yaml": "env_file: ${MUSTER_TEST_FILE}\nservers:\n  a: {port: \"${WEB_PORT}\", command: [\"${NAME}\"]}\n"})
	c, err := Load(filepath.Join(dir, "dev-config.yaml"))
	if err == nil {
		// A value from there is not told.
		_, wrong := Load(filepath.Join(put(t, map[string]string{".env": "S=s3cret\n",
			"dev-config.yaml": "env_file: .env\nservers:\n  a: {port: \"${S}\", restart: \"${S}\", dir: \"~${S}\"}\n"}), "dev-config.yaml"))
		if wrong == nil || strings.Contains(wrong.Error(), "s3cret") || !strings.Contains(wrong.Error(), "restart is `${S}`") {
			t.Errorf("%v", wrong)
		}
	}
	if err != nil || c.Servers[0].Port != 8123 || c.Servers[0].Command[0] != "x" || c.EnvFile != filepath.Join(dir, ".env") {
		t.Errorf("%+v, %v", c, err)
	}
}

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
