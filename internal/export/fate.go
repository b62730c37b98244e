package export

import (
	"regexp"
	"strings"
	"sync"
)

// target is what an export is written for.
type target int

const (
	toCompose target = iota
	toKubernetes
	toProcfile
)

// host is the name by which another process reaches one.
func (t target) host(name string) string {
	switch t {
	case toKubernetes:
		return objectName(name)
	case toProcfile:
		return "127.0.0.1"
	}
	return name
}

// What is said of a key wherever it cannot be exported.
const (
	local       = "not exported: it is for this machine"
	noGateway   = "not exported: a Procfile has no gateway"
	noHealth    = "not exported: a Procfile knows no health"
	noTasks     = "not exported: a Procfile has no tasks; run them before it, with backend:run"
	atOnce      = "not exported: a Procfile starts everything at once"
	imageDir    = "not exported: a container runs in its image's working folder"
	development = "not exported: it is for development"
)

// fates are the keys of which an export says less than the file. A key stands for all
// below it, the longest one counting; "process" is of every kind. "" is one that is
// exported, or of which the exporter itself tells.
var fates = [...]struct{ key, compose, kubernetes, procfile string }{
	{"api_base_url", "", "", "not exported, but for a uvicorn's health: a Procfile has no gateway"},
	{"backend.dir", imageDir, imageDir, ""},
	{"backend.env_file", "", "", "not read: give it to what runs the Procfile, as in `foreman start -e FILE`"},
	{"backend.python", "not exported: it is the image's `python`", "not exported: it is the image's `python`", ""},
	{"env_file", "", "", "not read: give it to what runs the Procfile, as in `foreman start -e FILE`"},
	{"gateway", "not exported: the gateway is nginx", "not exported: the gateway is that of the GatewayClass", noGateway},
	{"dashboard", development, development, development},
	{"logs", local, local, local},
	{"logs.access_log", "", "not exported: it is said to the gateway's controller", noGateway},
	{"logs.color", "", "", ""},
	{"logs.max_files", "", "not exported: it is a setting of the nodes (containerLogMaxFiles)", local},
	{"logs.max_size", "", "not exported: it is a setting of the nodes (containerLogMaxSize)", local},
	{"nginx", "", "", noGateway},
	{"nginx.extra", "", "not exported: Gateway API has no directives of nginx", noGateway},
	{"nginx.host", "", "not exported: the gateway's address is the cluster's", noGateway},
	{"nginx.mirror", "not exported: the image is nginx's own", "not exported: the gateway is that of the GatewayClass", noGateway},
	{"nginx.read_timeout", "", "not exported: Gateway API has no limit of a silence, only of a whole answer", noGateway},
	{"nginx.version", "", "not exported: the gateway is that of the GatewayClass", noGateway},
	{"nginx.worker_connections", "", "not exported: it is said to the gateway's controller", noGateway},
	{"nginx.worker_processes", "", "not exported: it is said to the gateway's controller", noGateway},
	{"process.build", "", "not exported: Kubernetes builds nothing, and runs image", local},
	{"process.depends_on", "", "", atOnce},
	{"process.depends_on.*.restart", "", "not exported: Kubernetes restarts nothing with another", atOnce},
	{"process.dir", imageDir, imageDir, ""},
	{"process.env_file", "", "", "not read: a Procfile has one file for all, as in `foreman start -e FILE`"},
	{"process.health", "", "", noHealth},
	{"process.health.log", "not exported: no health check reads a log, so that it is healthy when it runs", "not exported: no probe reads a log, so that it is ready when it runs", noHealth},
	{"process.health.on_failure", "not exported: Compose restarts nothing that runs", "", noHealth},
	{"process.image", "", "", "not exported: a Procfile runs commands"},
	{"process.kill_mode", "not exported: the container's process gets the signal, and the rest of it is killed (mixed)",
		"not exported: the container's process gets the signal, and the rest of it is killed (mixed)", "not exported: what runs the Procfile decides"},
	{"process.restart", "", "not exported: a Deployment always restarts", "not exported: what runs the Procfile decides"},
	{"process.stdin", "", "", "not exported: what runs the Procfile decides"},
	{"process.stop_signal", "", "not exported: the image's STOPSIGNAL is sent", "not exported: what runs the Procfile decides"},
	{"process.stop_timeout", "", "", "not exported: what runs the Procfile decides"},
	{"process.watch", development, development, "not exported: a Procfile watches nothing"},
	{"frontend.path", "", "", noGateway},
	{"frontends.*.path", "", "", noGateway},
	{"servers.*.balance", "", "not exported: Gateway API leaves it to the controller", noGateway},
	{"servers.*.debug", development, development, development},
	{"servers.*.expose", "", "", noGateway},
	{"servers.*.paths", "", "", noGateway},
	{"servers.*.reload", development, development, ""},
	{"servers.*.reload_exclude", development, development, ""},
	{"servers.*.reload_include", development, development, ""},
	{"specs", development, development, development},
	{"tasks.*", "", "", noTasks},
	{"tasks.*.timeout", "not exported: Compose has no limit", "", noTasks},
	{"websocket", "", "", noGateway},
	{"websocket_routes", "", "", noGateway},
}

// fateOf is what is to be said of a key; "" is nothing.
func fateOf(key string, to target) (text string) {
	best := -1
	consider := func(path string, weight int) {
		for _, f := range fates {
			if (path == f.key || strings.HasPrefix(path, f.key+".")) && len(f.key)+weight > best {
				best, text = len(f.key)+weight, [...]string{f.compose, f.kubernetes, f.procfile}[to]
			}
		}
	}
	path := patternOf(key)
	if to == toProcfile && strings.HasPrefix(path, "tasks.*") {
		return noTasks
	}
	consider(path, 0)
	if m := ofProcess().FindStringSubmatch(path); m != nil {
		consider("process."+m[1], 3)
	}
	return text
}

var (
	element   = pattern(`\[\d+\]`)
	ofProcess = pattern(`^(?:(?:servers|workers|tasks|frontends)\.\*|frontend)\.(.+)$`)
	named     = pattern(`^(servers|workers|tasks|frontends|websocket_routes)\.[^.]+|((?:^|\.)(?:env|args|depends_on))\.[^.]+`)
)

// pattern is compiled at its first use: every command and the supervisor link it.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// patternOf is the path of a key as the schema has it: * is any name, [] any element.
func patternOf(key string) string {
	key = element().ReplaceAllString(key, ".[]")
	return named().ReplaceAllString(key, "$1$2.*")
}

// refers tells of a key whose variables are left as they are written.
func refers(key string) bool { return variableKeys().MatchString(patternOf(key)) }

var variableKeys = pattern(`(^|\.)(command|unless|args|image|env\.\*|args\.\*)$`)
