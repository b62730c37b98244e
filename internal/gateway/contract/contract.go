// Package contract is for tests only: which request goes to which server. The gateways
// of this machine are asked for it, that of an export is, and so are the routes that
// another gateway is given.
package contract

import "net/http"

// Case is a configuration with requests to it. In Config, PORT stands for the gateway's
// port and <NAME> for that of a server or page.
type Case struct {
	Name     string
	Config   string
	Servers  []string // all of them, pages included
	Requests []Request
}

// Request is one, and what becomes of it.
type Request struct {
	URI    string
	Socket bool // it opens a WebSocket

	Server  string // that gets it; "" is none
	Arrives string // the URI that the server gets; "" is the same
	Status  int    // that is answered where Server is none

	// Read tells that it hangs on how a gateway reads a request before it looks for a
	// route: Gateway API leaves that to each. "" is not so.
	Read string
}

// How a gateway reads a request.
const (
	Path = "normalizes a path" // .., //, %62
	Fold = "folds case in a query"
)

// ThreeServers is the configuration of most tests.
const ThreeServers = `
api_base_url: /api/v1
nginx: {port: PORT}
servers:
  broker: {port: <broker>, modules: [broker]}
  datafeed: {port: <datafeed>, modules: [datafeed]}
  core: {port: <core>}
`

// Three are its servers.
var Three = []string{"broker", "datafeed", "core"}

func to(server, uri string) Request     { return Request{URI: uri, Server: server} }
func socket(server, uri string) Request { return Request{URI: uri, Server: server, Socket: true} }
func none(uri string) Request           { return Request{URI: uri, Status: http.StatusNotFound} }

func read(how string, r Request) Request {
	r.Read = how
	return r
}

func arrives(uri string, r Request) Request {
	r.Arrives = uri
	return r
}

// Cases are all of them.
var Cases = []Case{
	{"modules", ThreeServers, Three, []Request{
		to("broker", "/api/v1/broker"),
		to("broker", "/api/v1/broker/orders/1"),
		to("broker", "/api/v1/broker?x=1"),
		to("datafeed", "/api/v1/datafeed/bars"),
		to("core", "/api/v1/brokerage"),
		to("core", "/api/v1/health"),
		to("core", "/api/v1"),
		to("core", "/api/v1/docs"),
		to("core", "/api/v1/anything/else"),
		read(Path, to("broker", "/api/v1/../v1/broker/x")),
		read(Path, to("datafeed", "/api/v1//datafeed/x")),
		read(Path, to("broker", "/api/v1/%62roker/x")),
		to("core", "/health"),
		to("core", "/openapi.json"),
		to("core", "/api/v1/core/broker/ws2"),
		to("datafeed", "/api/v1/datafeed/broker/x"),
		none("/"), none("/api/v2/broker"), none("/index.html"), none("/healthy"),
		socket("broker", "/api/v1/broker/ws"),
		socket("datafeed", "/api/v1/datafeed/ws?x=1"),
		socket("broker", "/api/v1/broker/elsewhere"),
		socket("core", "/api/v1/other"),
	}},
	{"a page", ThreeServers + "frontend: {dir: ., command: [npm, run, dev], port: <frontend>}\n", append([]string{"frontend"}, Three...), []Request{
		to("frontend", "/"),
		to("frontend", "/src/main.ts?t=1"),
		to("frontend", "/openapi.json"),
		to("core", "/health"),
		to("broker", "/api/v1/broker/x"),
		socket("frontend", "/?token=hmr"),
	}},
	{"by a parameter", ThreeServers + "websocket: {routing_strategy: query_param, query_param_name: type}\n", Three, []Request{
		socket("broker", "/api/v1/ws?type=broker"),
		socket("datafeed", "/api/v1/ws?a=b&type=datafeed&c"),
		read(Fold, socket("broker", "/api/v1/ws?TYPE=Broker")),
		to("broker", "/api/v1/ws?type=broker"),
		to("broker", "/api/v1/broker/x"),
		to("core", "/api/v1/ws/below"),
		{URI: "/api/v1/ws", Socket: true, Status: 400},
		{URI: "/api/v1/ws?type=", Socket: true, Status: 400},
		{URI: "/api/v1/ws?type=nonsense", Socket: true, Status: 400},
		{URI: "/api/v1/ws?xtype=broker", Socket: true, Status: 400},
	}},
	{"by a parameter, or the default", ThreeServers + "websocket: {routing_strategy: query_param, query_param_name: type, default_server: core}\n", Three, []Request{
		socket("broker", "/api/v1/ws?type=broker"),
		socket("core", "/api/v1/ws"),
		socket("core", "/api/v1/ws?type=nonsense"),
	}},
	// Modules that are called like parameters of nginx's map.
	{"words of nginx", `
api_base_url: /api/v1
nginx: {port: PORT}
servers:
  core: {port: <core>}
  words: {port: <words>, modules: [default, hostnames, volatile, include]}
websocket: {routing_strategy: query_param, default_server: core}
`, []string{"core", "words"}, []Request{
		socket("words", "/api/v1/ws?type=default"),
		socket("words", "/api/v1/ws?type=hostnames"),
		socket("words", "/api/v1/ws?type=volatile"),
		socket("words", "/api/v1/ws?type=include"),
		socket("core", "/api/v1/ws"),
	}},
	// The module is where all sockets are, and its beginning is somebody else's.
	{"a module at the path of all sockets", `
api_base_url: /api/v1
nginx: {port: PORT}
servers:
  core: {port: <core>}
  sockets: {port: <sockets>, modules: [ws]}
websocket: {routing_strategy: query_param, default_server: core}
`, []string{"core", "sockets"}, []Request{
		to("sockets", "/api/v1/ws/x"),
		socket("sockets", "/api/v1/ws?type=ws"),
		socket("core", "/api/v1/ws"),
		to("core", "/api/v1/ws"),
	}},
	{"paths", Stack, []string{"core", "vote", "result", "deep", "hidden", "web", "admin"}, []Request{
		to("vote", "/vote"),
		to("vote", "/vote/x?a=1"),
		to("web", "/voters"),
		to("vote", "/vote/v1.0/deep/x"),
		arrives("/", to("result", "/result")),
		arrives("/", to("result", "/result/")),
		arrives("/?x=1", to("result", "/result?x=1")),
		arrives("/a%20b%2Fc/?q=%2F&q=", to("result", "/result/a%20b%2Fc/?q=%2F&q=")),
		arrives("/result/x", to("result", "/result/result/x")),
		to("deep", "/result/deep/x"),
		to("result", "/socket.io/?EIO=4"),
		to("core", "/api/v1/hidden/x"),
		to("core", "/api/v1/x"),
		to("admin", "/admin"),
		to("admin", "/admin/src/main.ts"),
		to("web", "/administer"),
		to("web", "/"),
		arrives("/ws", socket("result", "/result/ws")),
		socket("result", "/socket.io/ws"),
		socket("vote", "/vote/ws"),
		socket("admin", "/admin/ws"),
	}},
}

// Stack has servers with paths of their own, one that is not at the gateway, and two
// pages.
const Stack = `
api_base_url: /api/v1
nginx: {port: PORT}
servers:
  core: {port: <core>}
  vote: {port: <vote>, command: [x], paths: [/vote, /vote/v1.0/deep]}
  result: {port: <result>, command: [x], paths: [{path: /result, strip: true}, /socket.io]}
  deep: {port: <deep>, command: [x], paths: [/result/deep]}
  hidden: {port: <hidden>, command: [x], modules: [hidden], expose: false}
frontends:
  web: {dir: ., command: [x], port: <web>}
  admin: {dir: ., command: [x], port: <admin>, path: /admin}
`
