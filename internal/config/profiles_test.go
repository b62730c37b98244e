package config

import (
	"slices"
	"testing"
)

func TestProfilesLeaveProcessesOut(t *testing.T) {
	const text = `
servers:
  a: {port: 8001}
  b: {port: 8002, modules: [b], profiles: [more, debug]}
workers: {w: {command: x, profiles: [debug]}}
tasks: {t: {command: x, profiles: [debug], depends_on: [w]}}
frontends: {f: {dir: ., profiles: [page]}}
websocket_routes: {b: b}
`
	for _, tt := range []struct {
		profiles, runs, want []string
		err                  string
	}{
		{nil, nil, []string{"a"}, ""},
		{[]string{"more"}, nil, []string{"a", "b"}, ""},
		{[]string{"debug", "page"}, nil, []string{"a", "b", "w", "t", "f"}, ""},
		{nil, []string{"w", "b"}, []string{"a", "b", "w"}, ""},
		{nil, []string{"t"}, nil, "tasks.t depends on w, which is only there with -profile=debug"},
	} {
		c, err := Parse("f.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"more", "debug", "page"}; !slices.Equal(c.ProfileNames(), want) {
			t.Errorf("profiles %v", c.ProfileNames())
		}
		err = c.Select(tt.profiles, func(name string) bool { return slices.Contains(tt.runs, name) })
		var got []string
		for _, m := range c.Processes() {
			got = append(got, m.Name)
		}
		switch {
		case tt.err != "" && (err == nil || err.Error() != tt.err):
			t.Errorf("%v: %v", tt.profiles, err)
		case tt.err == "" && (err != nil || !slices.Equal(got, tt.want) || len(c.WebSocketRoutes) != len(c.Servers)-1):
			t.Errorf("%v, %v: %v, %v", tt.profiles, tt.runs, got, err)
		}
	}
}
