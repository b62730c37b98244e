package config

import "testing"

func TestOneServerAnswersForAModule(t *testing.T) {
	const two = "servers: {a: {port: 8001, modules: [m, n]}, b: {port: 8002, modules: [m]}"
	for _, tt := range []struct{ text, module, server string }{
		{two + "}\nwebsocket_routes: {m: b}", "m", "b"},
		{two + "}\nwebsocket_routes: {m: b}", "n", "a"},
		{two + "}\nwebsocket_routes: {m: b}", "other", "a"},
		{two + ", core: {port: 8003}}\nwebsocket_routes: {m: a}", "m", "a"},
		{two + ", core: {port: 8003}}\nwebsocket_routes: {m: a}", "other", "core"},
		{two + ", core: {port: 8003}}\nwebsocket_routes: {m: a}", Core, "core"},
		{"servers: {a: {port: 8001}, b: {port: 8002, modules: [core, m]}}", Core, "a"},
	} {
		c, err := Parse("/srv/dev-config.yaml", []byte(tt.text))
		if err != nil {
			t.Fatal(err)
		}
		if s := c.ModuleServer(tt.module); s.Name != tt.server {
			t.Errorf("%s: %s is answered for by %s", tt.text, tt.module, s.Name)
		}
	}
}

func TestAServerHasWhatItListsOrIsLeftToChoose(t *testing.T) {
	for _, tt := range []struct {
		s    Server
		m, n bool
	}{
		{Server{Process: Process{Name: "a"}, Modules: []string{"m"}}, true, false},
		{Server{Process: Process{Name: "a"}}, true, true},
		{Server{Process: Process{Name: Core}}, false, false},
		{Server{Process: Process{Name: "a", Command: []string{"serve"}}}, false, false},
	} {
		if tt.s.Has("m") != tt.m || tt.s.Has("n") != tt.n || !tt.s.Has(Core) {
			t.Errorf("%+v", tt.s)
		}
	}
}
