package view

import (
	"strings"
	"testing"
)

func TestTheLastExceptionIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		log  string
		want Exception
	}{
		{`INFO: x
Traceback (most recent call last):
  File "/usr/lib/python3.11/runpy.py", line 196, in _run
    exec(code)
  File "/srv/app/main.py", line 3, in <module>
    import nothere
  File "/srv/app/.venv/lib/python3.11/site-packages/lib.py", line 9, in f
    g()
ModuleNotFoundError: No module named 'nothere'
INFO: bye`, Exception{"ModuleNotFoundError", "No module named 'nothere'", "/srv/app/main.py", 3}},
		{`  File "/srv/app/main.py", line 7
    def x(:
          ^
SyntaxError: invalid syntax`, Exception{"SyntaxError", "invalid syntax", "/srv/app/main.py", 7}},
		{`Traceback (most recent call last):
  File "a.py", line 1, in <module>
    os.environ["X"]
KeyError: 'X'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 2, in <module>
    f()
app.errors.Missing`, Exception{"app.errors.Missing", "", "b.py", 2}},
		{`  | Traceback (most recent call last):
  |   File "/srv/a.py", line 5, in f
  |     f()
  | ValueError: bad`, Exception{"ValueError", "bad", "/srv/a.py", 5}},
		{`node:internal/modules/cjs/loader:1143
  throw err;
  ^

Error: Cannot find module 'express'
Require stack:
- /srv/web/server.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1140:15)
    at Object.<anonymous> (/srv/web/server.js:1:17)
    at node:internal/main/run_main_module:28:49 {
  code: 'MODULE_NOT_FOUND'
}`, Exception{"Error", "Cannot find module 'express'", "/srv/web/server.js", 1}},
		{`/srv/web/server.js:4
const x = ;
          ^

SyntaxError: Unexpected token ';'
    at internalCompileFunction (node:internal/vm:76:18)`, Exception{"SyntaxError", "Unexpected token ';'", "/srv/web/server.js", 4}},
		{`panic: no port

goroutine 1 [running]:
main.main()
	/srv/cmd/main.go:12 +0x1d
exit status 2`, Exception{"panic", "no port", "/srv/cmd/main.go", 12}},
	} {
		e := LastException(strings.Split(c.log, "\n"))
		if e == nil || *e != c.want {
			t.Errorf("%+v, not %+v, of\n%s", e, c.want, c.log)
		}
	}
	for _, plain := range []string{"INFO: x\nTypeError: is what a person may say\nbye", "", "Value: 3"} {
		if e := LastException(strings.Split(plain, "\n")); e != nil {
			t.Errorf("%+v of %q", e, plain)
		}
	}
}
