package view

import (
	"testing"

	"muster/internal/fuzztest"
	"muster/internal/printable"
)

func TestLevels(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Level{
		"INFO:     Uvicorn running on http://127.0.0.1:8001":      Info,
		`INFO:     127.0.0.1:5 - "GET / HTTP/1.1" 500 Error`:      Info,
		"WARNING:  StatReload detected changes":                   Warn,
		"ERROR:    Exception in ASGI application":                 Error,
		"CRITICAL:root:out of cheese":                             Critical,
		"2024-01-01 12:00:00,123 - name - WARNING - msg":          Warn,
		"2024-01-01 12:00:00,123 INFO name: an ERROR":             Info,
		"12:00:00 DEBUG [main] x":                                 Debug,
		"[2024-01-01 12:00:00 +0000] [12] [ERROR] worker":         Error,
		"2024-05-01 10:00:00.000 | WARNING  | mod:fn:1 - x":       Warn,
		"2024-05-01T10:00:00Z [warning  ] event key=value":        Warn,
		"2024/01/01 12:00:00 [crit] 12#0: *1 open() failed":       Critical,
		"2024-05-01T10:00:00.0Z  WARN target: msg":                Warn,
		"[INFO] Server started on port 8001":                      Info,
		"npm ERR! code E404":                                      Error,
		"npm WARN deprecated":                                     Warn,
		"name - ERROR - msg":                                      Error,
		"error: it failed":                                        Error,
		"Warning: careful":                                        Warn,
		"Traceback (most recent call last):":                      Error,
		`  File "x.py", line 1, in ERROR`:                         NoLevel,
		"ValueError: bad":                                         NoLevel,
		"I got an ERROR from the server":                          NoLevel,
		"no errors, 3 warnings":                                   NoLevel,
		"":                                                        NoLevel,
		`{"level":"warning","msg":"x"}`:                           Warn,
		`{"msg":"ERROR","severity":"DEBUG"}`:                      Debug,
		`{"level":50,"msg":"pino"}`:                               Error,
		`{"msg":"no level"}`:                                      NoLevel,
		`{broken ERROR`:                                           NoLevel,
		`ts=2024 level=error msg="x y"`:                           Error,
		`time=x lvl="warn" msg=level=error`:                       Warn,
		`127.0.0.1 "GET /a HTTP/1.1" 200 12 0.001 127.0.0.1:8001`: Info,
		`127.0.0.1 "GET /a HTTP/1.1" 404 12 0.001 -`:              Warn,
		`127.0.0.1 "GET /a HTTP/1.1" 502 12 0.001`:                Error,
		`::1 "" 400 0 0.000 -`:                                    Warn,
	} {
		if got := levelOf([]byte(text)); got != want {
			t.Errorf("%q has level %q, want %q", text, got, want)
		}
	}
}

func TestParseLevelNamesWhatItKnows(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Level{"warn": Warn, "WARNING": Warn, "Error": Error, "fatal": Critical} {
		if got, err := ParseLevel(in); got != want || err != nil {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	if _, err := ParseLevel("loud"); err == nil {
		t.Error("loud is no level")
	}
}

func FuzzLevel(f *testing.F) {
	for _, s := range []string{"INFO:  x", `{"level":3}`, `level="warn"`, "2024-01-01 [x] ERROR", "\x1b[31mERROR", `1 "a" 200 1 1`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzztest.Bound(t)
		if l := levelOf(printable.WithoutSequences(b)); l > Critical {
			t.Errorf("level %d", l)
		}
	})
}
