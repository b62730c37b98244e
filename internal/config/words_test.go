package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                             nil,
		" \t\n":                        nil,
		"npm run dev":                  {"npm", "run", "dev"},
		"  a\n  b\t c ":                {"a", "b", "c"},
		`a 'b c' "d e"`:                {"a", "b c", "d e"},
		`a'b'"c"d`:                     {"abcd"},
		`'' ""`:                        {"", ""},
		`'a\b' "a\b" "a\"b" "a\\" a\b`: {`a\b`, `a\b`, `a"b`, `a\`, "ab"},
		`a\ b \'c\"`:                   {"a b", `'c"`},
		`$HOME *.py ~ {port} '$x'`:     {"$HOME", "*.py", "~", "{port}", "$x"},
		`"a|b" '>' \;`:                 {"a|b", ">", ";"},
		"ü 'ö ä'":                      {"ü", "ö ä"},
	} {
		got, err := splitWords(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`a "b`:     `unclosed "`,
		`a "b\"`:   `unclosed "`,
		`a 'b\'c'`: `unclosed '`,
		`a \`:      `escapes nothing`,
		"a | b":    "`|`",
		"a > b":    "`>`",
		"a; b":     "`;`",
	} {
		if got, err := splitWords(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v; want an error with %s", text, got, err, want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"instances", "port", "reload", "depends_on", "stop_timeout"}
	for word, want := range map[string]string{
		"instnces": "instances", "instance": "instances", "isntances": "instances", "Instances": "instances",
		"prot": "port", "ports": "port", "dependsOn": "depends_on", "depends-on": "depends_on", "reloads": "reload",
		"x": "", "": "", "timeout": "", "completely": "", strings.Repeat("port", 1000): "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"1B": 1, "10MB": 1e7, "512KiB": 512 << 10, "64 mib": 64 << 20, "2GB": 2e9, "1gib": 1 << 30} {
		got, ok := parseSize(text)
		if !ok || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, ok, want)
		}
		if again, _ := parseSize(formatSize(got)); again != got {
			t.Errorf("%d is written as %s", got, formatSize(got))
		}
	}
	for _, text := range []string{"", "B", "-1B", "1.5MB", "1 0MB", "1MBB", "99999999999999999999B"} {
		if got, ok := parseSize(text); ok {
			t.Errorf("%q is %d", text, got)
		}
	}
}
