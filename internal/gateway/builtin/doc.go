// Package builtin is the gateway where no nginx can be had. It reads the same
// table of routes that nginx.conf is made from (Config), and serves it (Serve)
// with what nginx.conf says of it: passive health, retries, timeouts, headers,
// the status page, the access log. The conformance test of package gateway
// asks both the same questions.
package builtin
