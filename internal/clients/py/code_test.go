package py_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"muster/internal/apitest"
	"muster/internal/clients/py"
	"muster/internal/fuzztest"
)

// nasty are texts that have ended a literal, a docstring or a comment in
// somebody's generator.
var nasty = []string{
	``, `"`, `""`, `"""`, `""""`, `"""""""`, `'''`, `\`, `\\`, `\"`, `\\"`, `ends in "`, `ends in """`, `ends in \`, `"begins`,
	"\"\x01\"\"\nboom()\n\"\x01\"\"", "\"\u202e\"\"\nboom()", "\"\ufeff\"\"\nboom()", "a\nboom()", "a\rboom()", "a\r\nboom()", "a\fboom()",
	"a\vboom()", "a\x00boom()", "a\x1a", "a\x85boom()", "a\u2028boom()", "a\u2029boom()", "\\\x01\"\"\"\nboom()", "\\\n\"\"\"", "\\N{BULLET}",
	`\u0022`, `\x22\x22\x22`, `{boom()}`, `%s %d {{.}}`, "\xff\xfe\"\"\"", "\U0001f600 ünï", "\t\"\"\"\t", " \n \"\"\" \n ", "# -*- coding: utf-7 -*-",
}

func TestTextIsDataToPython(t *testing.T) {
	t.Parallel()
	var program strings.Builder
	var wanted []string
	for i, s := range nasty {
		program.WriteString(py.F("t%s = %s\n", number(i), py.Text(s)).String())
		program.WriteString(py.F("def f%s() -> None:  # %s\n    \"\"\"%s\"\"\"\n", number(i), py.Comment(s), py.Doc(s, 4)).String())
		program.WriteString(py.F("def g%s() -> None:\n    \"\"\"%s\n\n    More.\"\"\"\n", number(i), py.Doc(s, 4)).String())
		wanted = append(wanted, strings.ToValidUTF8(s, "\ufffd"))
	}
	dir := t.TempDir()
	data, err := json.Marshal(wanted)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"made.py": program.String(), "wanted.json": string(data), "try.py": tryTexts} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out := apitest.Run(t, dir, apitest.Python(t), "try.py"); out != "ok\n" {
		t.Error(out)
	}
}

const tryTexts = `import ast
import json

tree = ast.parse(open("made.py", "rb").read())
for node in tree.body:
    assert isinstance(node, (ast.Assign, ast.FunctionDef)), ast.dump(node)
    if isinstance(node, ast.FunctionDef):
        assert len(node.body) == 1 and isinstance(node.body[0].value, ast.Constant), ast.dump(node)
import made

for i, text in enumerate(json.load(open("wanted.json"))):
    assert getattr(made, f"t{i}") == text, (i, text)
print("ok")
`

func number(i int) py.Code {
	n, _ := py.Int(json.Number(strconv.Itoa(i)))
	return n
}

func FuzzText(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fuzztest.Bound(t)
		literal := py.Text(s).String()
		if got, err := strconv.Unquote(literal); err != nil || got != strings.ToValidUTF8(s, "\ufffd") || strings.ContainsAny(literal, "\n\r\x00") {
			t.Errorf("%q is the literal %s", s, literal)
		}
		if rest := afterDocstring(`"""` + py.Doc(s, 4).String() + `"""` + "\n"); rest != "\n" {
			t.Errorf("%q ends its docstring before %q", s, rest)
		}
		if comment := py.Comment(s).String(); strings.ContainsAny(comment, "\n\r\f\v\x00\u2028\u2029\u0085") {
			t.Errorf("%q is the comment %q", s, comment)
		}
		name := py.Name(s).String()
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" || name == "" || name[0] >= '0' && name[0] <= '9' {
			t.Errorf("%q is the name %q", s, name)
		}
		if n, ok := py.Int(json.Number(s)); ok && strings.Trim(n.String(), "-0123456789") != "" {
			t.Errorf("%q is the number %s", s, n)
		}
	})
}

// afterDocstring is what follows the docstring that a source begins with, as
// Python reads it (docs.python.org: String literals).
func afterDocstring(source string) string {
	if !utf8.ValidString(source) || strings.ContainsAny(source, "\r\x00") {
		return source
	}
	for rest := source[3:]; rest != ""; rest = rest[1:] {
		if rest[0] == '\\' {
			rest = rest[1:]
		} else if strings.HasPrefix(rest, `"""`) {
			return rest[3:]
		}
	}
	return source
}
