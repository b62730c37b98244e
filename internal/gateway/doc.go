// Package gateway puts one port in front of all servers.
//
// A configuration becomes a table of routes (Routes), and the table becomes
// nginx.conf (Generate), which nginx itself tests (Validate). Package install
// finds or gets an nginx; package builtin is the stand-in for a machine where
// none can be had, and reads the same table. Both gateways answer alike: one
// conformance test, in this folder, runs against each of them, and against the
// nginx of an export (Container). Nothing here
// starts or stops nginx; that is the supervisor's work.
//
// What holds for both: a server that is silent for nginx.read_timeout between
// two parts of an answer is hung, and its request gets 504; WebSockets and
// requests that accept text/event-stream may be silent for an hour. A request is tried
// again at another instance when no instance has seen it, or when its method
// is idempotent. Errors of the gateway are JSON and name the server.
package gateway
