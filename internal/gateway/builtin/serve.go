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
	access, err := os.OpenFile(s.AccessLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("builtin gateway: %w", err)
	}
	defer access.Close()

	var current atomic.Pointer[proxy]
	current.Store(newProxy(s, logger))
	defer func() { current.Load().closeIdle() }()
	handler := logAccess(access, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		current.Load().ServeHTTP(w, r)
	}))
	elsewhere := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !current.Load().refuse(w, r) {
			redirect(w, r, s.Port)
		}
	})
	servers, err := s.listen(handler, elsewhere, logger)
	if err != nil {
		return err
	}
	failed := make(chan error, len(servers))
	for _, server := range servers {
		logger.Printf("[INFO] Server listening on %s", server.listener.Addr())
		go func() { failed <- server.serve() }()
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
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// listening is an HTTP server with its listener.
type listening struct {
	http     *http.Server
	listener net.Listener
	tls      bool
}

func (l listening) serve() error {
	if l.tls {
		return l.http.ServeTLS(l.listener, "", "")
	}
	return l.http.Serve(l.listener)
}

// listen opens the addresses, all of them or none.
func (s *settings) listen(handler, redirect http.Handler, logger *log.Logger) ([]listening, error) {
	var list []listening
	add := func(addr string, h http.Handler, cert *tls.Certificate) error {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return fmt.Errorf("builtin gateway: %w", err)
		}
		server := &http.Server{Handler: h, ErrorLog: logger, ReadHeaderTimeout: time.Minute, IdleTimeout: 75 * time.Second}
		if cert != nil {
			server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*cert}}
		}
		list = append(list, listening{server, l, cert != nil})
		return nil
	}
	var cert *tls.Certificate
	if s.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
		if err != nil {
			return nil, fmt.Errorf("builtin gateway: %w", err)
		}
		cert = &pair
	}
	err := add(s.Listen, handler, cert)
	if err == nil && s.RedirectListen != "" {
		err = add(s.RedirectListen, redirect, nil)
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
