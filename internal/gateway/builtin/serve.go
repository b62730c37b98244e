package builtin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"muster/internal/local"
)

// Serve runs the builtin gateway with the routes in file until ctx ends
// or SIGTERM, SIGINT or SIGQUIT comes; requests that are under way get two
// seconds to end. SIGHUP reads the routes anew; the address stays. What it does
// is written to out, a line each.
func Serve(ctx context.Context, file string, out io.Writer) error {
	s, err := readSettings(file)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	defer stop()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)

	logger := log.New(out, "", log.LstdFlags)
	access, err := local.Open(s.AccessLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return fmt.Errorf("builtin gateway: %w", err)
	}
	defer access.Close()
	requests := newAccessLog(access)
	defer requests.flush()
	serving, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()

	var current atomic.Pointer[proxy]
	current.Store(newProxy(s, logger))
	defer func() { current.Load().closeIdle() }()
	handler := requests.around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Certificate != "" && r.TLS == nil {
			r.TLS = &tls.ConnectionState{} // net/http sees the TLS of HTTP/2 only: see sortOne
		}
		current.Load().ServeHTTP(w, r)
	}))
	elsewhere := requests.around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !current.Load().refuse(w, r) {
			redirect(w, r, s.Port)
		}
	}))
	servers, err := s.listen(handler, elsewhere, requests, logger)
	if err != nil {
		return err
	}
	failed := make(chan error, len(servers))
	for _, server := range servers {
		server.http.BaseContext = func(net.Listener) context.Context { return serving }
		if !server.second {
			logger.Printf("[INFO] Server listening on %s", server.listener.Addr())
		}
		go func() { failed <- server.http.Serve(server.listener) }()
	}
	for running := true; running; {
		select {
		case <-ctx.Done():
			running = false
		case err = <-failed:
			running = false
		case <-hup:
			next, e := readSettings(file)
			if e != nil {
				logger.Printf("[ERROR] reload: %v; going on with the old routes", e)
				continue
			}
			old := current.Swap(newProxy(next, logger))
			old.closeIdle()
			logger.Printf("[INFO] Reloaded %s: %d routes", file, len(next.Routes))
		}
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	for _, server := range servers {
		if server.http.Shutdown(grace) != nil {
			server.http.Close()
		}
	}
	cut() // WebSockets, which are no server's any more
	requests.end(time.Second)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// The limits of nginx on clients: for a request's head, and between two requests.
const headTimeout, keepAlive = time.Minute, 75 * time.Second

// listening is an HTTP server with its listener.
type listening struct {
	http     *http.Server
	listener net.Listener
	second   bool // on an address that another one has named
}

// listen opens the addresses, all of them or none.
func (s *settings) listen(handler, redirect http.Handler, requests *accessLog, logger *log.Logger) ([]listening, error) {
	var list []listening
	add := func(l net.Listener, h http.Handler, second bool) {
		list = append(list, listening{&http.Server{
			Handler: h, ErrorLog: logger, ConnState: watch, ReadHeaderTimeout: headTimeout, IdleTimeout: keepAlive,
		}, l, second})
	}
	open := func(addr string, use func(net.Listener)) error {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return fmt.Errorf("builtin gateway: %w", err)
		}
		use(l)
		return nil
	}
	plain := func(h http.Handler) func(net.Listener) {
		return func(l net.Listener) { add(plainListener{l, requests}, h, false) }
	}
	main := plain(handler)
	if s.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
		if err != nil {
			return nil, fmt.Errorf("builtin gateway: %w", err)
		}
		config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
		main = func(l net.Listener) {
			secure, plain := newHanded(l), newHanded(l)
			add(secure, handler, false)
			add(plain, redirect, true)
			go sortTLS(l, config, secure, plain, requests, logger)
		}
	}
	err := open(s.Listen, main)
	if err == nil && s.RedirectListen != "" {
		err = open(s.RedirectListen, plain(redirect))
	}
	if err != nil {
		for _, l := range list {
			l.listener.Close()
		}
		return nil, err
	}
	return list, nil
}

// redirect sends a request to the same URL with HTTPS.
func redirect(w http.ResponseWriter, r *http.Request, port int) {
	w.Header().Set("Location", "https://"+net.JoinHostPort(hostname(r), strconv.Itoa(port))+r.URL.RequestURI())
	w.WriteHeader(http.StatusPermanentRedirect)
}
