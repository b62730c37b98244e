package plan

import (
	"slices"
	"strings"
	"testing"

	"muster/internal/config"
)

func TestDebug(t *testing.T) {
	for _, test := range []struct {
		command, want string // the arguments, and the last variable
	}{
		{"python -u -X dev manage.py runserver", "python -u -X dev -m debugpy --listen 127.0.0.1:9229 manage.py runserver"},
		{"python3 -m flask run", "python3 -m debugpy --listen 127.0.0.1:9229 -m flask run"},
		{"python3 -c pass", "python3 -m debugpy --listen 127.0.0.1:9229 -c pass"},
		{"node server.js", "NODE_OPTIONS=--title=x --inspect=127.0.0.1:9229"},
		{"yarn dev", "NODE_OPTIONS=--title=x --inspect=127.0.0.1:9229"},
		{"npm run dev", "npm_config_node_options=--inspect=127.0.0.1:9229"},
	} {
		s := &config.Server{Process: config.Process{Command: strings.Fields(test.command)}, Debug: 9229}
		p := Process{Args: s.Command, Env: []string{"NODE_OPTIONS=--title=x"}, Health: Health{OnFailure: OnFailureRestart}}
		p.debug(s, s.Debug)
		got := strings.Join(p.Args, " ")
		python := config.DebuggerOf(s) == config.Debugpy
		if !python {
			if !slices.Equal(p.Args, s.Command) {
				t.Errorf("%s became %q", test.command, got)
			}
			got = p.Env[len(p.Env)-1]
		}
		if got != test.want || p.Debugpy() != python || p.Health.OnFailure != OnFailureReport || p.Debug != 9229 {
			t.Errorf("%s: %s", test.command, got)
		}
	}
}
