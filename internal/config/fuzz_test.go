package config

import (
	"bytes"
	"errors"
	"testing"

	"muster/internal/fuzztest"
)

// FuzzParse tries that no input panics, that every problem lies within the
// file, and that what loads is shown as a file that loads as the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(everything))
	for _, m := range mistakes {
		if len(m.file) < 10_000 {
			f.Add([]byte(m.file))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzztest.Bound(t)
		if _, err := Parse("dev-config.yaml", data); err != nil {
			checkProblems(t, err, data)
			return
		}
		roundTrip(t, "dev-config.yaml", data)
	})
}

func FuzzEnv(f *testing.F) {
	f.Add([]byte("A=1\nexport B='x\ny' # z\nC=\"\\\"\\n\" \n D = e # f\n\nE=\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzztest.Bound(t)
		env, err := parseEnv(".env", data)
		if err != nil {
			checkProblems(t, err, data)
		}
		for _, v := range env {
			if checkIdentifier(v.Name) != nil || bytes.IndexByte([]byte(v.Value), 0) >= 0 {
				t.Errorf("unsafe variable %q=%q", v.Name, v.Value)
			}
		}
	})
}

func checkProblems(t *testing.T, err error, data []byte) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		t.Fatalf("not a list of problems: %v", err)
	}
	lines := bytes.Split(data, []byte("\n"))
	for _, p := range e.Problems {
		if p.Line < 1 || p.Line > len(lines) {
			t.Errorf("line %d of %d: %s", p.Line, len(lines), p)
			continue
		}
		if p.Column < 1 || p.Column > len([]rune(string(lines[p.Line-1])))+1 {
			t.Errorf("column %d is beyond line %d: %s", p.Column, p.Line, p)
		}
		if p.Message == "" || bytes.ContainsAny([]byte(p.String()), "\n\x00\x1b") {
			t.Errorf("a message that cannot be shown: %q", p.String())
		}
	}
}
