package export

import (
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/gateway"
)

// idle says why a key that could be exported makes no difference in this file; "" is
// where it does.
func (x *export) idle(key string) string {
	c, path := x.Config, patternOf(key)
	m, setting := x.memberOf(key)
	last := path[strings.LastIndexByte(path, '.')+1:]
	switch {
	case c.AutoPorts && (last == "port" || last == "redirect_port"):
		return "not exported: with `ports: auto` it is one of this checkout's"
	case x.to != toProcfile && !x.routed && ofGateway().MatchString(path):
		return "not exported: there is no gateway that it is for"
	case c.WebSocket.RoutingStrategy == config.RouteByPath && (path == "websocket.query_param_name" || path == "websocket.default_server"):
		return "not exported: it is for `routing_strategy: query_param`"
	case path == "api_base_url" && x.to != toProcfile && !x.below(c.APIBaseURL):
		return "not exported: nothing lies below it"
	case m != nil && timing().MatchString(setting) && !checked(*m):
		return "not exported: nothing is checked there, and so it is healthy when it runs"
	case m != nil && setting == "env.PORT" && m.Port != 0:
		return "not exported: PORT is that of port"
	case path == "backend.app" && !x.some(func(m config.Member) bool { return m.Command == nil && !x.said[m.Path+".app"] }):
		return "not exported: no server runs it"
	case path == "backend.python" && !x.some(func(m config.Member) bool { return m.Command == nil }):
		return "not exported: no server runs on uvicorn"
	case path == "backend.dir" && !x.some(func(m config.Member) bool { return m.Kind != config.KindTask && m.Dir == c.Backend.Dir }):
		return "not exported: nothing runs there"
	case strings.HasPrefix(path, "backend.env") && !x.some(func(m config.Member) bool { return x.tells(m, key) }):
		return "not exported: no process gets it"
	case path == "logs.color" && len(c.Servers) == 0:
		return "not exported: it is for servers"
	case path == "logs.max_files" && c.Logs.MaxSize == 0:
		return "not exported: with `max_size: 0` nothing is rotated"
	}
	return ""
}

// ofGateway are the keys that only a gateway reads.
var ofGateway = pattern(`^(nginx|gateway|websocket|websocket_routes|logs\.access_log)\b|^servers\.\*\.(paths|expose|balance)\b|^frontends?(\.\*)?\.path$`)

var timing = pattern(`^health\.(interval|timeout|retries|start_period|on_failure)$`)

// memberOf is the process that a key is of, and what it is called there; nil is none.
func (x *export) memberOf(key string) (*config.Member, string) {
	for _, m := range x.Config.Processes() {
		if setting, ok := strings.CutPrefix(key, m.Path+"."); ok {
			return &m, setting
		}
	}
	return nil, ""
}

func (x *export) some(is func(config.Member) bool) bool {
	return slices.ContainsFunc(x.Config.Processes(), is)
}

// below tells whether some route, or what a uvicorn is checked by, lies below a path.
func (x *export) below(base string) bool {
	table, err := x.routes()
	return err != nil || slices.ContainsFunc(table, func(r gateway.Route) bool {
		return strings.HasPrefix(r.Path, base) && r.Kind != gateway.Frontend && r.Kind != gateway.Path
	}) ||
		x.some(func(m config.Member) bool { return m.Health.Guessed })
}

// tells whether a process gets a variable of the backend's, or its file.
func (x *export) tells(m config.Member, key string) bool {
	if m.Kind == config.KindFrontend || x.to == toProcfile && m.Kind == config.KindTask {
		return false
	}
	name, one := strings.CutPrefix(key, "backend.env.")
	own := slices.ContainsFunc(m.Env, func(v config.EnvVar) bool { return v.Name == name })
	return !one || !own && (name != "PORT" || m.Port == 0)
}
