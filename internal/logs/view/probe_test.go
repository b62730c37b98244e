package view

import (
	"strings"
	"testing"
)

func TestOurOwnHealthChecksAreLeftOut(t *testing.T) {
	t.Parallel()
	asked := func(process, path string, status int) bool {
		return process == "a" && path == "/health" && status < 400
	}
	for text, hidden := range map[string]bool{
		`INFO:     127.0.0.1:40912 - "GET /health HTTP/1.1" 200 OK`:                                           true,
		`INFO:     127.0.0.1:40912 - "GET /health HTTP/1.1" 307 Temporary Redirect`:                           true,
		`INFO:     ::1:40912 - "GET /health HTTP/1.1" 200 OK`:                                                 true,
		"\x1b[32mINFO\x1b[0m:     127.0.0.1:4 - \"\x1b[1mGET /health HTTP/1.1\x1b[0m\" \x1b[32m200 OK\x1b[0m": true,
		`2024-01-01 12:00:00,123 - uvicorn.access - INFO - 127.0.0.1:4 - "GET /health HTTP/1.1" 200`:          true,
		`{"level":"info","message":"127.0.0.1:4 - \"GET /health HTTP/1.1\" 200","logger":"access"}`:           true,
		`127.0.0.1 "GET /health HTTP/1.1" 200 5 0.001 127.0.0.1:8001`:                                         true,
		`::1 - - [01/Jan/2024:12:00:00 +0000] "GET /health HTTP/1.1" 200 2 "-" "muster-health"`:               true,
		`INFO:     127.0.0.1:40912 - "GET /health HTTP/1.1" 503 Service Unavailable`:                          false,
		`INFO:     127.0.0.1:40912 - "POST /health HTTP/1.1" 200 OK`:                                          false,
		`INFO:     127.0.0.1:40912 - "GET /healthy HTTP/1.1" 200 OK`:                                          false,
		`INFO:     127.0.0.1:40912 - "GET /health?deep=1 HTTP/1.1" 200 OK`:                                    false,
		`INFO:     127.0.0.1:0 - "GET /health HTTP/1.1" 200 OK`:                                               false, // by way of the gateway
		`INFO:     192.168.1.5:40912 - "GET /health HTTP/1.1" 200 OK`:                                         false,
		`127.0.0.1:4 - "GET /health HTTP/1.1" 200 OK, said the user "GET /health HTTP/1.1" 500`:               true,
		`the check "GET /health HTTP/1.1" 200 is ours`:                                                        false,
		`INFO: "GET `: false,
	} {
		for _, o := range []Options{{}, {JSON: true}, {Terminal: true, Color: true}} {
			o.Lines, o.Probe = -1, asked
			path := logFile(t, line("a", text), line("b", text))
			got, want := shown(t, path, o), 2
			if hidden {
				want = 1
			}
			if n := strings.Count(got, "\n"); n != want {
				t.Errorf("%s: %d lines, want %d:\n%s", text, n, want, got)
			}
			o.Probe = nil
			if all := shown(t, path, o); strings.Count(all, "\n") != 2 {
				t.Errorf("%s: without the option\n%s", text, all)
			}
		}
	}
}
