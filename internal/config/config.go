// Package config reads dev-config.yaml into a validated Config.
//
// A Config that Load returned can be acted on: every name is safe in a file
// name and in nginx.conf, every port is unique, every reference resolves and
// every default is filled in. Mistakes are reported all at once, each with
// file:line:column.
package config

import "time"

// Config is one validated configuration file.
type Config struct {
	File string // absolute path of the file itself
	Dir  string // its folder: relative paths start here, and so does .local

	APIBaseURL string // starts with "/", has no trailing "/"; "" serves from the root
	Gateway    string // GatewayAuto, GatewayNginx or GatewayBuiltin
	Nginx      *Nginx // nil: no gateway
	EnvFile    string // absolute, of every process; "" is none

	AutoPorts bool  // this folder has ports of its own, whatever the file says
	Block     Block // where they lie
	spares    map[int]int

	// What runs, each in the order of the file.
	Servers   []Server
	Workers   []Process // they listen for nobody, or for others than the gateway
	Tasks     []Task
	Frontends []Frontend

	WebSocket WebSocket
	// WebSocketRoutes holds module -> server in the order of the file, or nil
	// when the section was left out.
	WebSocketRoutes []WebSocketRoute

	// Single is what keeps the servers from being one process.
	Single []Problem

	Backend   Backend
	Specs     Specs
	Logs      Logs
	Dashboard Dashboard
}

// Dashboard is the page that shows what runs. The full stack has it.
type Dashboard struct {
	Off  bool
	Port int // 0: one that is chosen once, and kept
}

// What serves the public port.
const (
	GatewayAuto    = "auto" // nginx, or the builtin proxy where no nginx can be had
	GatewayNginx   = "nginx"
	GatewayBuiltin = "builtin"
)

// Nginx is the public side: nginx, or what stands in for it.
type Nginx struct {
	Host              string   // address to listen on; 127.0.0.1 unless said
	Hosts             []string // names that a request's Host may have, such as my.test or *.my.test; nil says nothing
	Port              int
	WorkerProcesses   string // a number or "auto"
	WorkerConnections int
	// The longest silence of a server before or within an answer that is no
	// stream: a longer one is answered with 504. At least a second.
	ReadTimeout  time.Duration
	Version      string // version or range to install, such as "1.28.2" or "1.28"; "" is the newest stable
	Mirror       string // base URL that serves index.json and the binaries; "" is the project's own
	Extra        string // file with further directives for the server block, relative to Dir; "" is none
	TLS          bool   // serve HTTPS and HTTP/2 with a local certificate
	RedirectPort int    // with TLS: plain HTTP port that redirects to Port; 0 is none
}

// How requests are spread over a server's instances.
const (
	RoundRobin = "round_robin"
	LeastConn  = "least_conn"
	IPHash     = "ip_hash"
)

// When a process that ended is started again.
const (
	RestartAlways    = "always"
	RestartOnFailure = "on-failure"
	RestartNever     = "never"
)

// What is done about a process that runs and does not answer.
const (
	OnFailureReport  = "report"  // it is shown and left alone: it may be at a breakpoint
	OnFailureRestart = "restart" // it is restarted
)

// Who gets the signal that ends a process.
const (
	KillGroup = "group" // the process and all of its group
	KillMixed = "mixed" // the process; what is left of its group is killed once it has ended
)

// Process is what every kind of process says of itself.
type Process struct {
	Name      string
	Port      int // instance i listens on Port + i; 0 is none
	Instances int

	Command []string // argv; nil runs uvicorn. "{port}" in an argument is the instance's port
	Dir     string   // absolute
	Env     []EnvVar
	EnvFile string // absolute; "" is none

	Health      Health
	DependsOn   []Dependency
	Restart     string // RestartAlways, RestartOnFailure or RestartNever
	StopTimeout time.Duration
	StopSignal  string   // such as SIGTERM
	KillMode    string   // KillGroup or KillMixed
	StdinOpen   bool     // its standard input has no end
	Watch       []string // patterns of files, relative to Dir: when one changes, the process is restarted
	Profiles    []string

	// Of what an export writes; nothing that runs here reads them.
	Image string // "" is none
	Build *Build // nil is none
}

// Build tells how an image is built, in Compose's words.
type Build struct {
	Context    string // absolute folder
	Dockerfile string // relative to Context; "" is Dockerfile
	Target     string // "" is the last stage
	Args       []EnvVar
}

// What of another process is waited for.
const (
	Started   = "service_started"
	Healthy   = "service_healthy"
	Succeeded = "service_completed_successfully"
)

// Dependency is another process that has to be there first.
type Dependency struct {
	Name      string
	Condition string // Started, Healthy or Succeeded
	Restart   bool   // and with each restart of that one this one is restarted
}

// Server is one program of the backend, run as one or more instances.
type Server struct {
	Process
	Modules []string // nil: nothing is said; empty: the shared endpoints only
	Paths   []Path   // at the gateway, beside or instead of Modules
	Hidden  bool     // not at the gateway
	// External tells that it was started elsewhere, perhaps in an editor. No file says
	// so: a command does.
	External bool
	Debug    int // port of the debugger of the first instance, and so on; 0 is none
	Reload   bool

	// Patterns of the files that a reload looks for, relative to Dir, on top of
	// uvicorn's own.
	ReloadInclude, ReloadExclude []string

	App     string   // uvicorn's MODULE:ATTRIBUTE
	Args    []string // further arguments for uvicorn
	Balance string   // RoundRobin, LeastConn or IPHash
}

// Path is one of the gateway's, with all that is below it.
type Path struct {
	Path  string // without "/" at its end; "" is everything
	Strip bool   // the server gets what follows Path
}

// Task is run to success at every start.
type Task struct {
	Process
	Unless  []string      // argv; nil is none. Where it succeeds, the task is not run
	Timeout time.Duration // after which it is ended, and has failed
}

// EnvVar is one environment variable.
type EnvVar struct{ Name, Value string }

// Health tells how to find out whether a process serves. At most one of Path, TCP,
// Command and Log is set; with none a process that runs is healthy.
type Health struct {
	Path        string        // HTTP GET on the instance's port; any status below 400 is healthy
	Guessed     bool          // nobody has said Path: any status below 500 is healthy
	TCP         bool          // a connection is accepted
	Command     []string      // argv; exit code 0 is healthy
	Log         string        // regular expression; once a line of the log matches it is healthy
	Interval    time.Duration // between two checks of a process that has long been healthy
	Timeout     time.Duration // of one check
	Retries     int           // failed checks in a row that make a healthy process unhealthy
	StartPeriod time.Duration // how long a start may take
	OnFailure   string        // OnFailureReport or OnFailureRestart
}

// WebSocket says how a WebSocket finds its server.
type WebSocket struct {
	RoutingStrategy string // RouteByPath or RouteByQuery
	QueryParamName  string
	DefaultServer   string // with RouteByQuery: who gets an unknown or missing parameter; "" answers 400
}

// How WebSockets are routed.
const (
	RouteByPath  = "path"        // {api_base_url}/{module}/ws
	RouteByQuery = "query_param" // {api_base_url}/ws?{query_param_name}={module}
)

// WebSocketRoute sends the WebSockets of a module to a server. Where several
// servers have the module, it is that server that answers for it altogether.
type WebSocketRoute struct{ Module, Server string }

// Backend is where and how the servers without a command run.
type Backend struct {
	Dir     string // absolute
	App     string // uvicorn's MODULE:ATTRIBUTE
	Python  string // interpreter; "" finds one
	Env     []EnvVar
	EnvFile string // absolute; "" is none
}

// Frontend is a page's development server.
type Frontend struct {
	Process
	Path string // at the gateway, as of Path
}

// Logs says how logs are kept.
type Logs struct {
	Color     bool  // ask the children for coloured output
	MaxSize   int64 // bytes a log may reach before it is rotated; 0 never rotates
	MaxFiles  int   // rotated files kept of each log
	AccessLog bool  // nginx's access log joins the unified log
}

// Specs says where the API's documents and the clients made from them lie.
// All folders are absolute.
type Specs struct {
	Asked         bool             // the file has the section
	Dir           string           // exported documents
	ExportCommand []string         // argv that writes every document below the folder given as last argument; nil is the FastAPI default
	Sources       []string         // folders whose changes lead to a new export
	Documents     []ServedDocument // nil: the servers' own, as FastAPI has them

	Python     PythonClients
	TypeScript []TypeScriptClients // each is made of every document
}

// ServedDocument is one that a server has at a URL.
type ServedDocument struct{ Server, URL string }

// PythonClients are the clients for calls between modules.
type PythonClients struct {
	Dir string // "" generates none
}

// TypeScriptClients are one set of clients for a frontend.
type TypeScriptClients struct {
	Dir        string
	RESTPrefix string   // folder of a module's REST client, before the module's name
	WSPrefix   string   // folder of a module's WebSocket types, before the module's name
	Command    []string // argv of another REST generator; {input} and {output} are filled in; nil is the default one
}
