package config

import (
	"strconv"
	"strings"
	"testing"
)

func itoa(i int) string { return strconv.Itoa(i) }

// TestMistakes has one case a mistake: the text of a file, and all that is
// said about it.
func TestMistakes(t *testing.T) {
	for _, test := range mistakes {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("f.yaml", []byte(test.file))
			got := "(it loads)"
			if err != nil {
				got = strings.ReplaceAll(err.Error(), "f.yaml:", "")
				checkProblems(t, err, []byte(test.file))
			}
			if want := strings.TrimSpace(strings.ReplaceAll(test.want, "'", "`")); strings.ReplaceAll(got, "'", "`") != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// server is the least that a file must say, on two lines.
const server = "servers:\n  a: {port: 8001}\n"

// TestBounds has the least and the most of every number, duration and size,
// which load, and what lies just beyond them, which does not.
func TestBounds(t *testing.T) {
	for _, b := range bounds {
		parse := func(value string) error {
			_, err := Parse("f.yaml", []byte(strings.Replace(b.file, "VALUE", value, 1)))
			return err
		}
		for _, value := range []string{b.least, b.most} {
			if err := parse(value); err != nil {
				t.Errorf("%s: %v", value, err)
			}
		}
		for _, value := range []string{b.below, b.above} {
			if err := parse(value); err == nil || !strings.HasSuffix(err.Error(), ": it must be "+b.allowed) {
				t.Errorf("%s in %sgot %v, want %s", value, b.file, err, b.allowed)
			}
		}
	}
}

var bounds = []struct {
	file                               string // VALUE is the setting
	below, least, most, above, allowed string
}{
	{"nginx: {port: VALUE}\n" + server, "1023", "1024", "65535", "65536", "1024 to 65535"},
	{"dashboard: {port: VALUE}\n" + server, "1023", "1024", "65535", "65536", "1024 to 65535"},
	{"nginx: {port: 8000, tls: true, redirect_port: VALUE}\n" + server, "1023", "1024", "65535", "65536", "1024 to 65535"},
	{"nginx: {port: 8000, worker_processes: VALUE}\n" + server, "0", "1", "64", "65", "1 to 64, or auto"},
	{"nginx: {port: 8000, worker_connections: VALUE}\n" + server, "15", "16", "1000000", "1000001", "16 to 1000000"},
	{"servers: {a: {port: VALUE}}\n", "1023", "1024", "65535", "65536", "1024 to 65535"},
	{"servers: {a: {port: 8001, instances: VALUE}}\n", "0", "1", "256", "257", "1 to 256"},
	{"nginx: {port: 8000, read_timeout: VALUE}\n" + server, "999ms", "1s", "24h", "24h1ms", "1s to 24h0m0s"},
	{"servers: {a: {port: 8001, stop_timeout: VALUE}}\n", "-1ms", "0s", "10m", "10m1ms", "0s to 10m0s"},
	{"servers: {a: {port: 8001, health: {interval: VALUE}}}\n", "9ms", "10ms", "1h", "1h1ms", "10ms to 1h0m0s"},
	{"servers: {a: {port: 8001, health: {timeout: VALUE}}}\n", "9ms", "10ms", "1h", "1h1ms", "10ms to 1h0m0s"},
	{"servers: {a: {port: 8001, health: {start_period: VALUE}}}\n", "9ms", "10ms", "1h", "1h1ms", "10ms to 1h0m0s"},
	{"servers: {a: {port: 8001, health: {retries: VALUE}}}\n", "0", "1", "1000", "1001", "1 to 1000"},
	{"frontend: {dir: web, port: VALUE}\n" + server, "1023", "1024", "65535", "65536", "1024 to 65535"},
	{"logs: {max_size: VALUE}\n" + server, "4095B", "4KiB", "1024GiB", "1025GiB", "4KiB to 1024GiB, or 0"},
	{"logs: {max_files: VALUE}\n" + server, "-1", "0", "1000", "1001", "0 to 1000"},
}

var mistakes = []struct{ name, file, want string }{
	{"the least loads", server, "(it loads)"},
	{"no dashboard", "dashboard: false\n" + server, "(it loads)"},
	{"the dashboard's port", "dashboard: {port: 8090}\n" + server, "(it loads)"},
	{"the dashboard at the port of a server", "dashboard: {port: 8001}\n" + server, "3:13: port 8001 is taken twice: by dashboard.port on line 1 and by instance a-0 on line 3"},
	{"a dashboard of the project's own", "frontends: {dashboard: {dir: d, port: 8002}}\n" + server, "(it loads)"},
	{"a dashboard that is a number", "dashboard: 8090\n" + server, "1:12: dashboard must be true or false, not the number '8090'"},

	// Keys.
	{"unknown key with a near miss", "servers:\n  a:\n    port: 8001\n    instnces: 2\n",
		"4:5: unknown key 'instnces' in servers.a (did you mean 'instances'?)"},
	{"key in another style", "servers:\n  a:\n    port: 8001\n    stopTimeout: 2s\n",
		"4:5: unknown key 'stopTimeout' in servers.a (did you mean 'stop_timeout'?)"},
	{"swapped letters", "servres:\n  a: {port: 8001}\n",
		"1:1: unknown key 'servres' (did you mean 'servers'?)"},
	{"no server for a route", "servers: []\nwebsocket_routes: {x: a}\n", "1:10: servers must be a mapping of keys to values, not a list"},
	{"a route to a server that is not exposed", "servers:\n  a: {port: 8001, modules: [a], expose: false}\nwebsocket_routes: {a: a}\nwebsocket: {default_server: a}\n",
		"3:23: websocket_routes.a: the server 'a' has expose: false on line 2, so the gateway leads nobody there\n4:29: websocket.default_server: the server 'a' has expose: false on line 2, so the gateway leads nobody there"},
	{"unknown key that is near nothing", server + "logs: {verbosity: 3}\n",
		"3:8: unknown key 'verbosity' in logs: known are 'color', 'max_size', 'max_files', 'access_log'"},
	{"key twice", server + "logs:\n  color: true\n  color: false\n", "5:3: logs.color is set a second time, after line 4"},
	{"server twice", server + "  a: {port: 8002}\n", "3:3: servers.a is set a second time, after line 2"},
	{"key that is a list", server + "? [a, b]\n: 1\n", "3:3: a key in the file must be a word, not a list"},
	{"key that is nothing", server + "~: 1\n", "3:1: a key in the file must be a word, not nothing"},
	{"missing nginx.port", "nginx:\n  host: localhost\n" + server, "1:1: nginx.port is missing"},
	{"nginx says nothing", "nginx:\n" + server, "1:1: nginx.port is missing"},
	{"missing servers", "logs: {}\n", "1:1: nothing is to be run: say servers, workers, tasks or frontends"},
	{"no server", "servers: {}\n", "1:1: servers is empty: it must name at least one server"},
	{"servers says nothing", "servers:\n", "1:1: servers is empty: it must name at least one server"},
	{"missing port of a server", "servers:\n  a:\n    instances: 2\n  b:\n",
		"2:3: servers.a.port is missing\n4:3: servers.b.port is missing"},

	// Types.
	{"text for a number", "servers:\n  a: {port: abc}\n", "2:13: servers.a.port must be a whole number in decimal digits, not the text 'abc'"},
	{"quoted number", "servers:\n  a: {port: '8001'}\n", "2:13: servers.a.port must be a whole number, not the text '8001' (did you mean '8001'?)"},
	{"fraction", "servers:\n  a: {port: 8001.5}\n", "2:13: servers.a.port must be a whole number in decimal digits, not the number '8001.5'"},
	{"hexadecimal", "servers:\n  a: {port: 0x1f41}\n", "2:13: servers.a.port must be a whole number in decimal digits, not the number '0x1f41'"},
	{"leading zero", "servers:\n  a: {port: 08001}\n", "2:13: servers.a.port must be a whole number in decimal digits, not the number '08001'"},
	{"list for a number", "servers:\n  a: {port: [8001]}\n", "2:13: servers.a.port must be a whole number, not a list"},
	{"nothing for a number", "servers:\n  a:\n    port:\n", "3:5: servers.a.port is empty: it must be a whole number; remove the key for the default"},
	{"yes for true", "servers:\n  a: {port: 8001, reload: yes}\n", "2:27: servers.a.reload must be true or false, not the text 'yes' (did you mean 'true'?)"},
	{"0 for false", server + "logs: {color: 0}\n", "3:15: logs.color must be true or false, not the number '0' (did you mean 'false'?)"},
	{"text for a list", "servers:\n  a: {port: 8001, modules: broker}\n",
		"2:28: servers.a.modules must be a list of names, such as [broker], not the text 'broker' (did you mean '[broker]'?)"},
	{"nothing for a list", "servers:\n  a:\n    port: 8001\n    modules:\n",
		"4:5: servers.a.modules is empty: it must be a list of names, such as [broker]; write [] for none"},
	{"text for a section", server + "logs: debug\n", "3:7: logs must be a mapping of keys to values, not the text 'debug'"},
	{"list of servers", "servers:\n  - a\n", "2:3: servers must be a mapping of keys to values, not a list"},
	{"file that is a list", "- a\n", "1:1: the file must be a mapping of keys to values, not a list"},
	{"number for a text", server + "backend: {app: 5}\n", "3:16: backend.app must be MODULE:ATTRIBUTE, not the number '5' (did you mean '\"5\"'?)"},
	{"foreign tag", server + "backend: {app: !!binary aGk=}\n", "3:16: backend.app has the tag '!!binary', which is not supported"},
	{"foreign tag of a section", server + "logs: !mine {}\n", "3:7: logs has the tag '!mine', which is not supported"},
	{"unknown choice", server + "websocket: {routing_strategy: query}\n", "3:31: websocket.routing_strategy is 'query': it must be one of 'path', 'query_param'"},
	{"choice with a near miss", "servers:\n  a: {port: 8001, restart: onfailure}\n",
		"2:28: servers.a.restart is 'onfailure': it must be one of 'always', 'on-failure', 'never' (did you mean 'on-failure'?)"},

	// Ranges.
	{"privileged port", "servers:\n  a: {port: 80}\n", "2:13: servers.a.port is 80: it must be 1024 to 65535"},
	{"port too high", "nginx: {port: 65536}\n" + server, "1:15: nginx.port is 65536: it must be 1024 to 65535"},
	{"last instance too high", "servers:\n  a: {port: 65535, instances: 2}\n",
		"2:13: servers.a.port is 65535: with 2 instances the last port would be 65536, above 65535"},
	{"no instance", "servers:\n  a: {port: 8001, instances: 0}\n", "2:30: servers.a.instances is 0: it must be 1 to 256"},
	{"enormous number", "servers:\n  a: {port: 99999999999999999999}\n",
		"2:13: servers.a.port must be a whole number in decimal digits, not the number '99999999999999999999'"},
	{"no workers", "nginx: {port: 8000, worker_processes: 0}\n" + server, "1:39: nginx.worker_processes is '0': it must be 1 to 64, or auto"},

	// Durations and sizes.
	{"duration without a unit", "servers:\n  a: {port: 8001, stop_timeout: 3}\n",
		"2:33: servers.a.stop_timeout is '3' without a unit: it must be a duration with its unit, such as 500ms, 3s or 1m30s (did you mean '3s'?)"},
	{"duration with a blank", "servers:\n  a: {port: 8001, stop_timeout: 3 s}\n",
		"2:33: servers.a.stop_timeout is '3 s': it must be a duration with its unit, such as 500ms, 3s or 1m30s (did you mean '3s'?)"},
	{"negative duration", "servers:\n  a: {port: 8001, stop_timeout: -3s}\n", "2:33: servers.a.stop_timeout is -3s: it must be 0s to 10m0s"},
	{"no interval", "servers:\n  a: {port: 8001, health: {interval: 0s}}\n", "2:38: servers.a.health.interval is 0s: it must be 10ms to 1h0m0s"},
	{"size without a unit", server + "logs: {max_size: 10}\n",
		"3:18: logs.max_size is '10' without a unit: it must be a size with its unit, such as 10MB or 512KiB, or 0 (did you mean '10MB'?)"},
	{"size with an unknown unit", server + "logs: {max_size: 10Q}\n", "3:18: logs.max_size is '10Q': it must be a size with its unit, such as 10MB or 512KiB, or 0"},
	{"size too small", server + "logs: {max_size: 1B}\n", "3:18: logs.max_size is '1B': it must be 4KiB to 1024GiB, or 0"},
	{"size that overflows", server + "logs: {max_size: 9223372036854775807GiB}\n",
		"3:18: logs.max_size is '9223372036854775807GiB': it must be a size with its unit, such as 10MB or 512KiB, or 0"},

	// Ports.
	{"two servers on a port", "servers:\n  a:\n    port: 8001\n  b:\n    port: 8001\n",
		"5:11: port 8001 is taken twice: by instance a-0 on line 3 and by instance b-0 on line 5"},
	{"an instance on another's port", "servers:\n  a: {port: 8001, instances: 3}\n  b: {port: 8003}\n",
		"3:13: port 8003 is taken twice: by instance a-2 on line 2 and by instance b-0 on line 3"},
	{"server on nginx's port", "servers:\n  a: {port: 8000}\nnginx: {port: 8000}\n",
		"3:15: port 8000 is taken twice: by instance a-0 on line 2 and by nginx.port on line 3"},
	{"redirect on nginx's port", server + "nginx: {port: 8000, tls: true, redirect_port: 8000}\n",
		"3:47: port 8000 is taken twice: by nginx.port on line 3 and by nginx.redirect_port on line 3"},
	{"server on the frontend's default port", "servers:\n  a: {port: 5173}\nfrontend: {dir: web}\n",
		"3:1: port 5173 is taken twice: by instance a-0 on line 2 and by frontend.port (its default) on line 3"},
	{"three on one port", "servers:\n  a: {port: 8001}\n  b: {port: 8001}\n  c: {port: 8001}\n",
		"3:13: port 8001 is taken twice: by instance a-0 on line 2 and by instance b-0 on line 3\n4:13: port 8001 is taken twice: by instance a-0 on line 2 and by instance c-0 on line 4"},
	{"redirect without tls", server + "nginx: {port: 8000, redirect_port: 8080}\n", "3:36: nginx.redirect_port redirects to HTTPS: it needs nginx.tls: true"},

	// Names.
	{"name with a dot", "servers:\n  a.b: {port: 8001}\n", "2:3: servers: the name 'a.b' must be lower-case letters, digits, _ and -, beginning with a letter"},
	{"name that injects", "servers:\n  \"a;} http {\": {port: 8001}\n",
		"2:3: servers: the name 'a;} http {' must be lower-case letters, digits, _ and -, beginning with a letter"},
	{"name that climbs", "servers:\n  ../x: {port: 8001}\n", "2:3: servers: the name '../x' must be lower-case letters, digits, _ and -, beginning with a letter"},
	{"name with a line break", "servers:\n  \"a\\nb\": {port: 8001}\n",
		"2:3: servers: the name 'a\\nb' must be lower-case letters, digits, _ and -, beginning with a letter"},
	{"name that is a number", "servers:\n  8: {port: 8001}\n", "2:3: servers: the name '8' must be lower-case letters, digits, _ and -, beginning with a letter"},
	{"name that is too long", "servers:\n  a" + strings.Repeat("b", 40) + ": {port: 8001}\n",
		"2:3: servers: the name 'a" + strings.Repeat("b", 40) + "' is longer than 40 characters"},
	{"reserved name", "servers:\n  nginx: {port: 8001}\n", "2:3: servers: the name 'nginx' is reserved for a process of that name"},
	{"name of another's instance", "servers:\n  a-0: {port: 8001}\n  a: {port: 8002}\n",
		"2:3: servers.a-0 has the name of instance 0 of the server 'a' on line 3: choose another"},
	{"name like an instance that is not there", "servers:\n  a-1: {port: 8001}\n  a: {port: 8002}\n", "(it loads)"},
	{"bad module", "servers:\n  a: {port: 8001, modules: [Broker]}\n",
		"2:29: servers.a.modules[0] is 'Broker': it must be lower-case letters, digits, _ and -, beginning with a letter"},
	{"module twice", "servers:\n  a:\n    port: 8001\n    modules:\n      - x\n      - x\n", "6:9: servers.a.modules names 'x' a second time, after line 5"},

	// Modules and routes.
	{"modules on core", "servers:\n  core: {port: 8001, modules: [broker]}\n",
		"2:31: servers.core.modules must be []: the server core has the shared endpoints only; move 'broker' to another server"},
	{"core on core", "servers:\n  core: {port: 8001, modules: [core]}\n", "(it loads)"},
	{"core among the modules of another", "servers:\n  a: {port: 8001, modules: [core, x]}\n  b: {port: 8002, modules: [core, y]}\n", "(it loads)"},
	{"module of two servers", "servers:\n  a: {port: 8001, modules: [x]}\n  b: {port: 8002, modules: [x]}\n",
		"3:29: the module 'x' is served by 'a' on line 2 and by 'b' here: say in websocket_routes which of them answers for it"},
	{"module of two servers with a route", "servers:\n  a: {port: 8001, modules: [x]}\n  b: {port: 8002, modules: [x]}\nwebsocket_routes: {x: b}\n", "(it loads)"},
	{"route to an unknown server", "servers:\n  broker: {port: 8001, modules: [x]}\nwebsocket_routes:\n  x: brokr\n",
		"4:6: websocket_routes.x: there is no server 'brokr' (did you mean 'broker'?)"},
	{"route to a server that is near nothing", "servers:\n  a: {port: 8001, modules: [x]}\nwebsocket_routes: {x: zebra}\n",
		"3:23: websocket_routes.x: there is no server 'zebra'; known are 'a'"},
	{"route to a server without the module", "servers:\n  a: {port: 8001, modules: [x]}\n  b: {port: 8002, modules: [y]}\nwebsocket_routes:\n  x: b\n",
		"5:6: websocket_routes.x: the server 'b' does not have the module 'x'; its modules are on line 3 (did you mean 'a'?)"},
	{"unknown default server", server + "websocket: {default_server: b}\n", "3:29: websocket.default_server: there is no server 'b'; known are 'a'"},
	{"route of a bad module", server + "websocket_routes: {\"x y\": a}\n",
		"3:20: websocket_routes: the module 'x y' must be lower-case letters, digits, _ and -, beginning with a letter\n3:27: websocket_routes.x y: the server 'a' does not have the module 'x y'; its modules are on line 2"},

	// Dependencies.
	{"unknown dependency", "servers:\n  a: {port: 8001, depends_on: [bb]}\n  b: {port: 8002}\n",
		"2:32: servers.a.depends_on.bb: there is no process 'bb'; known are 'a', 'b'"},
	{"dependency on itself", "servers:\n  a: {port: 8001, depends_on: [a]}\n", "2:32: processes wait for each other in a circle: a -> a"},
	{"circle", "servers:\n  a: {port: 8001, depends_on: [b]}\n  b: {port: 8002, depends_on: [c]}\n  c: {port: 8003, depends_on: [d, b]}\n  d: {port: 8004}\n",
		"4:35: processes wait for each other in a circle: b -> c -> b"},

	// Values that reach nginx, a shell's descendants or the disk.
	{"base path without slash", "api_base_url: api\n" + server, "1:15: api_base_url is 'api': it must begin with /"},
	{"base path with a slash behind", "api_base_url: /api/\n" + server, "1:15: api_base_url is '/api/': it must have no empty segment and no / at its end"},
	{"base path that is a URL", "api_base_url: http://x/api\n" + server, "1:15: api_base_url is 'http://x/api': it must be a path such as /api/v1, without scheme and host"},
	{"base path that injects", "api_base_url: \"/a;b {\"\n" + server, "1:15: api_base_url is '/a;b {': it must be letters, digits, - . _ ~ and / only"},
	{"base path that climbs", "api_base_url: /a/..\n" + server, "1:15: api_base_url is '/a/..': it must have no . or .. segment"},
	{"parameter that is no variable", server + "websocket: {query_param_name: a-b}\n",
		"3:31: websocket.query_param_name is 'a-b': it must be letters, digits and _, not beginning with a digit"},
	{"host with a port", "nginx: {port: 8000, host: \"localhost:80\"}\n" + server,
		"1:27: nginx.host is 'localhost:80': it must be an IP address or a host name, such as 127.0.0.1 or localhost, without a port"},
	{"address out of range", "nginx: {port: 8000, host: 127.0.0.300}\n" + server,
		"1:27: nginx.host is '127.0.0.300': it must be an IP address or a host name, such as 127.0.0.1 or localhost, without a port"},
	{"name of a host with a port", "nginx: {port: 8000, hosts: ['my.test:80']}\n" + server,
		"1:29: nginx.hosts[0] is 'my.test:80': it must be a host name, such as my.test or \"*.my.test\", without a port"},
	{"name of a host that is a URL", "nginx: {port: 8000, hosts: ['http://my.test']}\n" + server,
		"1:29: nginx.hosts[0] is 'http://my.test': it must be a host name, such as my.test or \"*.my.test\", without a port"},
	{"name of a host that is any", "nginx: {port: 8000, hosts: ['*']}\n" + server,
		"1:29: nginx.hosts[0] is '*': it must be a host name, such as my.test or \"*.my.test\", without a port"},
	{"name of a host with a star elsewhere", "nginx: {port: 8000, hosts: ['a.*.test']}\n" + server,
		"1:29: nginx.hosts[0] is 'a.*.test': it must be a host name, such as my.test or \"*.my.test\", without a port"},
	{"name of a host that injects", "nginx: {port: 8000, hosts: ['a 0; x']}\n" + server,
		"1:29: nginx.hosts[0] is 'a 0; x': it must be a host name, such as my.test or \"*.my.test\", without a port"},
	{"name of a host wildcard of an address", "nginx: {port: 8000, hosts: ['*.127.0.0.1']}\n" + server,
		"1:29: nginx.hosts[0] is '*.127.0.0.1': it must be a host name, such as my.test or \"*.my.test\", without a port"},
	{"name of a host regular expression", "nginx: {port: 8000, hosts: ['~.']}\n" + server,
		"1:29: nginx.hosts[0] is '~.': it must be a host name, such as my.test or \"*.my.test\", without a port"},
	{"hosts that are no list", "nginx: {port: 8000, hosts: my.test}\n" + server,
		"1:28: nginx.hosts must be a list of host names, such as [my.test, \"*.my.test\"], not the text 'my.test'"},
	{"version that is none", "nginx: {port: 8000, version: newest}\n" + server,
		"1:30: nginx.version is 'newest': it must be a version or a range, such as 1.28.2, 1.28 or \">=1.26 <1.29\""},
	{"range of versions", "nginx: {port: 8000, version: \">=1.26 <1.29\"}\n" + server, "(it loads)"},
	{"mirror that is no web address", "nginx: {port: 8000, mirror: ftp://x/}\n" + server,
		"1:29: nginx.mirror is 'ftp://x/': it must be a URL such as https://mirror.example/nginx, without query and fragment"},
	{"extra that injects", "nginx: {port: 8000, extra: 'a\"; b'}\n" + server,
		"1:28: nginx.extra is 'a\"; b': it holds a character that nginx gives a meaning: one of \" ' \\ $ ; { } * ? [ ] #"},
	{"extra that is absolute", "nginx: {port: 8000, extra: /etc/x}\n" + server, "1:28: nginx.extra is '/etc/x': it must be relative to the folder of this file"},
	{"path from home", server + "backend: {dir: ~/x}\n", "3:16: backend.dir is '~/x': it begins with ~, which is not expanded: write the whole path"},
	{"path that is empty", server + "backend: {dir: ''}\n", "3:16: backend.dir is empty: it must not be empty"},
	{"path with a line break", server + "backend: {dir: \"a\\nb\"}\n", "3:16: backend.dir is 'a\\nb': it holds a control character"},
	{"app without attribute", server + "backend: {app: main}\n", "3:16: backend.app is 'main': it must be MODULE:ATTRIBUTE, such as trading_api.main:app"},
	{"variable with a bad name", server + "backend: {env: {A-B: 1}}\n",
		"3:17: backend.env.A-B: the name of a variable must be letters, digits and _, not beginning with a digit"},
	{"variable that is a list", server + "backend: {env: {A: [1]}}\n", "3:20: backend.env.A must be one value, not a list"},
	{"variable that is nothing", server + "backend:\n  env:\n    A:\n", "5:5: backend.env.A is empty: write \"\" for an empty value"},
	{"variable with a NUL", server + "backend: {env: {A: \"\\0\"}}\n", "3:20: backend.env.A holds a NUL character, which no variable can"},
	{"command with a NUL", "servers:\n  a: {port: 8001, command: [\"a\\0\"]}\n", "2:28: servers.a.command holds a NUL character"},
	{"command that is empty", "servers:\n  a: {port: 8001, command: []}\n", "2:28: servers.a.command is empty: it must name a program"},
	{"command with an open quote", "servers:\n  a:\n    port: 8001\n    command: a \"b\n", "4:14: servers.a.command has an unclosed \""},
	{"command for a shell", "servers:\n  a:\n    port: 8001\n    command: a && b\n",
		"4:14: servers.a.command holds '&', but no shell runs it: quote it, or write [sh, -c, \"...\"]"},
	{"two ways of health", "servers:\n  a:\n    port: 8001\n    health: {path: /x, tcp: true}\n", "4:5: servers.a.health says more than one of path, tcp, command and log"},
	{"health path that is none", "servers:\n  a: {port: 8001, health: {path: health}}\n",
		"2:34: servers.a.health.path is 'health': it must be a path that begins with /, such as /api/v1/health"},
	{"no health for a command", "servers:\n  a: {port: 8001, command: x, health: {tcp: false}}\n", "2:45: servers.a.health.tcp is false: say path, command or log instead"},
	{"variable that no shell expands", "servers:\n  a:\n    port: 8001\n    command: [serve, -p, $PORT]\n    health: {command: [check, \"localhost:$${PORT}/x\"]}\nfrontend: {dir: ., command: vite --port=$PORT}\n", `
4:14: servers.a.command has '$PORT', and no shell expands it: write {port} (did you mean '{port}'?)
5:23: servers.a.health.command has 'localhost:${PORT}/x', and no shell expands it: write {port} (did you mean 'localhost:{port}/x'?)
6:29: frontend.command has '--port=$PORT', and no shell expands it: write {port} (did you mean '--port={port}'?)`},
	{"variable that a shell expands", `
servers:
  a: {port: 8001, command: [sh, -c, "exec x -p $PORT"]}
  b: {port: 8002, command: [uv, run, /bin/bash, -c, 'exec "$0"/$PORT', x]}
  c: {port: 8003, command: [nodemon, --exec, "x -p $${PORT}"]}
  d: {port: 8004, command: [x, $PORTS, "$${PORT_A}", "PORT"]}
`, "(it loads)"},
	{"reload beside a command", "servers:\n  a:\n    port: 8001\n    command: x\n    reload: true\n    reload_include: [a]\n    reload_exclude: [b]\n    args: [-v]\n", `
5:5: servers.a.reload is for uvicorn, and this server has a command: write watch: [patterns], or use what its program has to reload itself
6:5: servers.a.reload_include is for uvicorn, and this server has a command: write watch: [patterns], or use what its program has to reload itself
7:5: servers.a.reload_exclude is for uvicorn, and this server has a command: write watch: [patterns], or use what its program has to reload itself
8:5: servers.a.args is for uvicorn, and this server has a command: write the arguments into it`},
	{"no reload beside a command", "servers:\n  a: {port: 8001, command: x, reload: false}\n", "(it loads)"},
	{"patterns without a reload", "servers:\n  a: {port: 8001, reload_exclude: [data]}\n", "2:19: servers.a.reload_exclude needs reload: true"},
	{"pattern that is absolute", "servers:\n  a: {port: 8001, reload: true, reload_exclude: [/data]}\n",
		"2:50: servers.a.reload_exclude[0] is '/data': it must be relative to the folder in which the server runs"},
	{"argument that is ours", "servers:\n  a: {port: 8001, args: [--log-level, debug, --port=8002]}\n", "2:25: servers.a.args has '--port': write port"},
	{"arguments that are ours", "servers:\n  a: {port: 8001, args: --workers 2 --fd 4}\n", `
2:25: servers.a.args has '--workers': write instances, each of which is a process of its own
2:25: servers.a.args has '--fd': the listening socket is handed over, so that a restart refuses no connection`},
	{"unknown answer to a failure", "servers:\n  a: {port: 8001, health: {on_failure: restrt}}\n",
		"2:40: servers.a.health.on_failure is 'restrt': it must be one of 'report', 'restart' (did you mean 'restart'?)"},
	{"clients without a folder", server + "specs:\n  typescript: {rest_prefix: x}\n", "4:3: specs.typescript.dir is missing: without a frontend there is no default"},
	{"clients that share a folder", server + "specs:\n  typescript: {dir: x, rest_prefix: x, ws_prefix: x}\n",
		"4:51: specs.typescript.rest_prefix and ws_prefix are both 'x': the clients of a module would share a folder"},
	{"sets of clients that share a folder", server + "specs:\n  typescript:\n    - {dir: x, rest_prefix: x}\n    - {dir: ./x, ws_prefix: x}\n",
		"6:7: specs.typescript[1] makes the same folders 'xMODULE' as those on line 5"},
	{"set of clients that is a number", server + "specs: {typescript: [1]}\n", "3:22: specs.typescript[0] must be a mapping of keys to values, not the number '1'"},
	{"prefix that climbs", server + "specs: {typescript: {dir: x, rest_prefix: ../}}\n",
		"3:43: specs.typescript.rest_prefix is '../': it must be letters, digits, . _ and -, beginning with a letter, a digit or _"},
	{"no sources", server + "specs: {sources: []}\n", "3:18: specs.sources is empty: it must name a folder"},

	// Anchors, aliases, merge keys.
	{"alias", "x-modules: &m [x]\nservers:\n  a: {port: 8001, modules: *m}\n", "(it loads)"},
	{"merge key", "x-base: &base {reload: true, instances: 2}\nservers:\n  a: {<<: *base, port: 8001}\n  b: {<<: [*base, {reload: false}], port: 8003}\n", "(it loads)"},
	{"merged port", "servers:\n  a: &a\n    port: 8001\n  b:\n    <<: *a\n", "5:5: port 8001 is taken twice: by instance a-0 on line 3 and by instance b-0 on line 5"},
	{"mistake behind an anchor is said once a place", "x-base: &base {port: 80}\nservers:\n  a: *base\n  b: *base\n",
		"1:22: servers.a.port is 80: it must be 1024 to 65535\n1:22: servers.b.port is 80: it must be 1024 to 65535"},
	{"anchor that merges itself", "servers: &s\n  <<: *s\n  a: {port: 8001}\n", "1:10: merge keys in servers nest too deep, or an anchor merges itself"},
	{"merge of a number", server + "<<: 1\n", "3:5: a merge key in the file must name a mapping or a list of mappings"},
	{"unknown anchor", "servers:\n  a: {port: 8001, modules: *m}\n", "2:28: the anchor 'm' is not defined above"},
	{"extension below the top level", "servers:\n  a: {port: 8001, x-a: 1}\n", "2:19: unknown key 'x-a' in servers.a: known are 'port', 'instances', 'restart', 'modules', 'paths', 'expose', 'command', 'dir', 'env', 'env_file', 'depends_on', 'stop_timeout', 'stop_signal', 'kill_mode', 'stdin', 'watch', 'profiles', 'image', 'build', 'debug', 'reload', 'reload_include', 'reload_exclude', 'app', 'args', 'health', 'balance'"},

	// Workers, tasks, frontends.
	{"one namespace of names", server + "workers:\n  a: {command: x}\ntasks:\n  b: {command: x}\n  c: {command: x}\nfrontends:\n  b: {dir: .}\n", `
4:3: workers.a has the name of the server on line 2: choose another
9:3: frontends.b has the name of the task on line 6: choose another`},
	{"instance of a worker", "workers:\n  a: {command: x, instances: 2}\n  a-1: {command: x}\n",
		"3:3: workers.a-1 has the name of instance 1 of the worker 'a' on line 2: choose another"},
	{"worker without command", "workers:\n  a: {}\ntasks:\n  b: {}\n", "2:3: workers.a.command is missing\n4:3: tasks.b.command is missing"},
	{"only a worker", "workers:\n  a: {command: x}\n", "(it loads)"},
	{"health at no port", "workers:\n  a: {command: x, health: {path: /}}\n  b: {command: x, health: {tcp: true}}\n  c: {command: x, health: {log: '('}}\n", `
2:19: workers.a.health asks at a port, and the process has none
3:19: workers.b.health asks at a port, and the process has none
4:33: workers.c.health.log is '(': it must be a regular expression as of go.dev/s/re2syntax`},
	{"ports of all kinds", server + "workers:\n  w: {command: x, port: 8001}\n", "4:25: port 8001 is taken twice: by instance a-0 on line 2 and by instance w-0 on line 4"},
	{"a task is waited for to its end", server + "tasks:\n  t: {command: x}\nworkers:\n  w:\n    command: x\n    depends_on:\n      t: {condition: service_healthy}\n      a: {condition: service_completed_successfully}\n", `
9:22: workers.w.depends_on.t: the task 't' ends, and is not healthy before (did you mean 'service_completed_successfully'?)
10:22: workers.w.depends_on.a: the server 'a' goes on, and does not succeed (did you mean 'service_healthy'?)`},
	{"dependency that is not required", server + "workers:\n  w: {command: x, depends_on: {a: {required: false}}}\n",
		"4:46: workers.w.depends_on.a.required: false is not supported: put the process into a profile"},
	{"circle of kinds", server + "workers:\n  w: {command: x, depends_on: [t]}\ntasks:\n  t: {command: x, depends_on: [w]}\n",
		"6:32: processes wait for each other in a circle: w -> t -> w"},
	{"two forms of frontends", server + "frontend: {dir: .}\nfrontends: {web: {dir: ., port: 5174, path: /x}}\n", "4:1: frontend is the short form of frontends: say one of them"},
	{"image and build that are none", server + "workers:\n  w: {command: x, image: 'a b', build: {contex: x}}\n  v: {command: x, image: -v, build: [x]}\n", `
4:26: workers.w.image is 'a b': it must be letters, digits and . _ / : @ + -, beginning with a letter or a digit
4:41: unknown key 'contex' in workers.w.build (did you mean 'context'?)
5:26: workers.v.image is '-v': it must be letters, digits and . _ / : @ + -, beginning with a letter or a digit
5:37: workers.v.build must be a path, not a list`},
	{"two frontends at one path", server + "frontends:\n  a1: {dir: .}\n  b1: {dir: ., port: 5174}\n", "5:3: frontends.b1.path: the path '/' is taken already, on line 4"},
	{"two servers at one path", "servers:\n  a: {port: 8001, paths: [/x]}\n  b: {port: 8002, paths: [/x/, /x]}\n", `
3:27: servers.b.paths./x: the path '/x/' is taken already, on line 2
3:32: servers.b.paths names '/x' a second time, after line 3`},
	{"wrong paths", "servers:\n  a: {port: 8001, paths: [x, '', {strip: true}], expose: false}\n", `
2:27: servers.a.paths[0] is 'x': it must begin with /
2:30: servers.a.paths[1] is empty: it must be a path that begins with /, such as /api/v1/health
2:34: servers.a.paths[2].path is missing`},
	{"paths of what is not exposed", "servers:\n  a: {port: 8001, paths: [/x], expose: false}\n",
		"2:32: servers.a.expose is false, and the server has paths at the gateway: remove one of them"},
	{"app beside a command", "servers:\n  a: {port: 8001, command: x, app: a:b}\n", "2:31: servers.a.app is for uvicorn, and this server has a command: remove one of them"},
	{"unknown signal", server + "workers:\n  w: {command: x, stop_signal: SIGKIL}\n",
		"4:32: workers.w.stop_signal is 'SIGKIL': it must be one of 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'"},

	// Variables.
	{"variable that is not set", "servers:\n  a: {port: \"${MUSTER_TEST_NONE}\"}\n  b: {port: \"${MUSTER_TEST_NONE:?it is 8002}\"}\n", `
2:13: '${MUSTER_TEST_NONE}' has ${MUSTER_TEST_NONE}, and MUSTER_TEST_NONE is not set: set it in the shell or in env_file, or write ${MUSTER_TEST_NONE:-default}
3:13: '${MUSTER_TEST_NONE:?it is 8002}' needs the variable MUSTER_TEST_NONE: it is 8002`},
	{"variables with defaults", "servers:\n  a: {port: \"${MUSTER_TEST_NONE:-80${MUSTER_TEST_NONE-0}1}\", reload: \"${MUSTER_TEST_NONE:-true}\", env: {A: \"a${MUSTER_TEST_NONE:+b}$$c$d\"}}\n", "(it loads)"},
	{"variables that are none", "env_file: ${\nservers:\n  a: {port: 8001, dir: \"${1}\", command: \"${A/b}\"}\n", `
1:11: '${' has ${ without }: write $${ for the text itself
3:24: '${1}' has ${1}, which names no variable: write $${ for the text itself
3:41: '${A/b}' has ${A/b}, which names no variable: write $${ for the text itself`},

	// The text itself.
	{"empty file", "", "1:1: the file is empty: it must say at least 'servers'"},
	{"only comments", "# nothing\n", "1:1: the file is empty: it must say at least 'servers'"},
	{"two documents", server + "---\nlogs: {}\n", "3:1: a second document begins here, but the file must hold only one: remove the '---' line"},
	{"not UTF-8", server + "# \xff\n", "3:3: byte 0xff is not UTF-8: save the file as UTF-8"},
	{"UTF-16", "\xff\xfea\x00", "1:1: byte 0xff is not UTF-8: save the file as UTF-8"},
	{"byte order mark", "\ufeff" + server, "(it loads)"},
	{"CRLF", strings.ReplaceAll(sample, "\n", "\r\n"), "(it loads)"},
	{"lone CR", "servers:\r  a: {port: 8001}\n", "1:9: a carriage return without a line feed: save the file with LF or CRLF line ends"},
	{"control character", server + "# \x1b[31m\n", "3:3: the control character U+001B is not allowed"},
	{"tab", "servers:\n\ta: {port: 8001}\n", "2:1: a tab in the indentation: YAML allows spaces only"},
	{"wrong indentation", "servers:\n    a:\n      port: 8001\n   b:\n", "4:4: wrong indentation, a missing ':' or an unclosed quote or bracket"},
	{"open bracket", "servers:\n  a:\n    port: 8001\n    modules: [x\n    reload: true\n", "4:14: the '[' is not closed, or a ',' is missing in the list"},
	{"open brace", "servers:\n  a: {port: 8001\nlogs: {}\n", "2:6: the '{' is not closed, or a ',' is missing in the mapping"},
	{"open quote", "servers:\n  a:\n    port: 8001\n    dir: \"x\n    reload: true\n", "4:10: a quote is not closed"},
	{"missing colon", "servers:\n  a:\n    port 8001\n    reload: true\n", "4:11: wrong indentation, a missing ':' on the line above, or a text with ': ' in it that must be quoted"},
	{"colon in a text", server + "backend: {}\nlogs: a: b\n", "4:8: wrong indentation, a missing ':' on the line above, or a text with ': ' in it that must be quoted"},
	{"special character", server + "backend: {dir: @x}\n", "3:16: a text that begins with a special character must be quoted"},
	{"too large", strings.Repeat("#", maxFile+1), "1:1: the file is larger than 1 MiB"},

	{"all at once, in the order of the file", "logs: {colour: true}\nservers:\n  a: {port: x, instnces: 1}\n  Nope: {}\nnginx: {}\n", `
1:8: unknown key 'colour' in logs (did you mean 'color'?)
3:13: servers.a.port must be a whole number in decimal digits, not the text 'x'
3:16: unknown key 'instnces' in servers.a (did you mean 'instances'?)
4:3: servers: the name 'Nope' must be lower-case letters, digits, _ and -, beginning with a letter
4:3: servers.Nope.port is missing
5:1: nginx.port is missing`},
}
