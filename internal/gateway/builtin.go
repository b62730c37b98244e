package gateway

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"muster/internal/config"
)

// builtin is what the builtin gateway reads from its file: the same routes
// that nginx.conf has.
type builtin struct {
	Listen         string            `json:"listen"`
	RedirectListen string            `json:"redirect_listen,omitempty"`
	Port           int               `json:"port"`
	Certificate    string            `json:"certificate,omitempty"` // with Key: HTTPS
	Key            string            `json:"key,omitempty"`
	AccessLog      string            `json:"access_log"`
	Routes         []Route           `json:"routes"`
	Balance        map[string]string `json:"balance"` // by server
	ReadTimeout    time.Duration     `json:"read_timeout"`
	StreamTimeout  time.Duration     `json:"stream_timeout"`
}

// BuiltinFile is where the builtin gateway's routes lie.
func BuiltinFile(c *config.Config) string { return filepath.Join(c.Dir, ".local", "gateway.json") }

// BuiltinConfig makes the text of the builtin gateway's file, whose place is
// BuiltinFile.
func BuiltinConfig(c *config.Config, t Topology) ([]byte, error) {
	if c.Nginx == nil {
		return nil, fmt.Errorf("%s has no nginx section, so there is no gateway to run", c.File)
	}
	table, err := routes(c, t)
	if err != nil {
		return nil, err
	}
	n := c.Nginx
	b := builtin{
		Listen:      net.JoinHostPort(n.Host, strconv.Itoa(n.Port)),
		Port:        n.Port,
		AccessLog:   filepath.Join(c.Dir, ".local", "logs", "nginx-access.log"),
		Routes:      table,
		Balance:     map[string]string{},
		ReadTimeout: readTimeout, StreamTimeout: time.Hour,
	}
	for _, s := range c.Servers {
		b.Balance[s.Name] = s.Balance
	}
	if n.TLS {
		b.Certificate, b.Key = certFiles(c)
		if n.RedirectPort != 0 {
			b.RedirectListen = net.JoinHostPort(n.Host, strconv.Itoa(n.RedirectPort))
		}
	}
	data, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

func readBuiltin(file string) (*builtin, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("builtin gateway: %w", err)
	}
	b := &builtin{}
	if err := json.Unmarshal(data, b); err != nil {
		return nil, fmt.Errorf("builtin gateway: %s: %w", file, err)
	}
	return b, nil
}

// ServeBuiltin runs the builtin gateway with the routes in file until ctx ends
// or SIGTERM, SIGINT or SIGQUIT comes; requests that are under way get two
// seconds to end. SIGHUP reads the routes anew; the address stays. What it does
// is written to out, a line each.
func ServeBuiltin(ctx context.Context, file string, out io.Writer) error {
	b, err := readBuiltin(file)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	defer stop()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)

	logger := log.New(out, "", log.LstdFlags)
	access, err := os.OpenFile(b.AccessLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("builtin gateway: %w", err)
	}
	defer access.Close()

	var current atomic.Pointer[proxy]
	current.Store(newProxy(b, logger))
	defer func() { current.Load().close() }()
	handler := logAccess(access, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		current.Load().ServeHTTP(w, r)
	}))
	servers, err := b.servers(handler, logger)
	if err != nil {
		return err
	}
	failed := make(chan error, len(servers))
	for _, s := range servers {
		logger.Printf("[INFO] Server listening on %s", s.listener.Addr())
		go func() { failed <- s.serve() }()
	}
	for running := true; running; {
		select {
		case <-ctx.Done():
			running = false
		case err = <-failed:
			running = false
		case <-hup:
			next, e := readBuiltin(file)
			if e != nil {
				logger.Printf("[ERROR] reload: %v; going on with the old routes", e)
				continue
			}
			old := current.Swap(newProxy(next, logger))
			old.retire()
			logger.Printf("[INFO] Reloaded %s: %d routes", file, len(next.Routes))
		}
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	for _, s := range servers {
		if s.http.Shutdown(grace) != nil {
			s.http.Close()
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

func (b *builtin) servers(handler http.Handler, logger *log.Logger) ([]listening, error) {
	var list []listening
	add := func(addr string, h http.Handler, cert *tls.Certificate) error {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return fmt.Errorf("builtin gateway: %w", err)
		}
		s := &http.Server{Handler: h, ErrorLog: logger, ReadHeaderTimeout: time.Minute, IdleTimeout: 75 * time.Second}
		if cert != nil {
			s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*cert}}
		}
		list = append(list, listening{s, l, cert != nil})
		return nil
	}
	var cert *tls.Certificate
	if b.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(b.Certificate, b.Key)
		if err != nil {
			return nil, fmt.Errorf("builtin gateway: %w", err)
		}
		cert = &pair
	}
	err := add(b.Listen, handler, cert)
	if err == nil && b.RedirectListen != "" {
		err = add(b.RedirectListen, redirect(b.Port), nil)
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
func redirect(port int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		w.Header().Set("Location", "https://"+net.JoinHostPort(host, strconv.Itoa(port))+r.URL.RequestURI())
		w.WriteHeader(http.StatusPermanentRedirect)
	})
}
