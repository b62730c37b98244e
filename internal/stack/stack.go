// Package stack does what a person asks for: it brings a project's processes up
// from nothing, keeps them in line with what is saved, restarts them one by one,
// and finds out what is wrong. It puts together what the packages above it can
// do; the supervisor runs what comes of it.
package stack

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"muster/internal/config"
	"muster/internal/plan"
	"muster/internal/supervise"
)

// DefaultStopTimeout is the time from SIGTERM to SIGKILL where nobody says
// another.
const DefaultStopTimeout = 3 * time.Second

// Stack is backend, gateway, watchers and frontend.
type Stack struct {
	cfg      *config.Config
	multi    bool
	watch    bool   // run the watchers too
	watchers string // digest of what the watchers of specs take from the configuration
	client   *supervise.Client
	report   Report
}

// Options are the wishes for a stack.
type Options struct {
	Multi bool // several processes behind the gateway; else the backend is one process
}

// New makes a stack of a configuration, and lays the environment's wishes over
// it: BACKEND_PORT, FRONTEND_PORT, VITE_API_URL and FRONTEND_URL.
func New(cfg *config.Config, c *supervise.Client, o Options, report Report) (*Stack, error) {
	if o.Multi && cfg.Nginx == nil {
		return nil, UsageError(cfg.File + " has no nginx section, so there is nothing to put the servers behind")
	}
	digest, err := watchersDigest(cfg)
	if err != nil {
		return nil, err
	}
	if !o.Multi {
		cfg = plan.Single(cfg)
	}
	st := &Stack{cfg: cfg, multi: o.Multi, watch: true, watchers: digest, client: c, report: report}
	return st, st.environment()
}

// OnlyBackend leaves out the frontend and the watchers.
func (st *Stack) OnlyBackend() {
	st.cfg.Frontend = nil
	st.watch = false
}

// OnlyFrontend leaves out the backend and the watchers.
func (st *Stack) OnlyFrontend() error {
	if st.cfg.Frontend == nil {
		return UsageError(st.cfg.File + " has no frontend section")
	}
	st.cfg.Servers = nil
	st.watch = false
	return nil
}

// watchersDigest changes with whatever the watchers of specs read in the
// configuration: when it does, they are to be started again.
func watchersDigest(cfg *config.Config) (string, error) {
	data, err := json.Marshal([]any{cfg.APIBaseURL, cfg.Servers, cfg.Backend, cfg.Frontend, cfg.Specs})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(data)), nil
}

func (st *Stack) environment() error {
	port := &st.cfg.Servers[0].Port
	if st.multi {
		port = &st.cfg.Nginx.Port
	}
	if err := portFromEnv("BACKEND_PORT", port); err != nil {
		return err
	}
	api := os.Getenv("VITE_API_URL")
	if api == "" {
		api = "http://" + localhost() + ":" + strconv.Itoa(*port)
	}
	page := os.Getenv("FRONTEND_URL")
	if f := st.cfg.Frontend; f != nil {
		if err := portFromEnv("FRONTEND_PORT", &f.Port); err != nil {
			return err
		}
		if page == "" {
			page = "http://" + localhost() + ":" + strconv.Itoa(f.Port)
		}
		f.Env = append(f.Env, config.EnvVar{Name: "VITE_API_URL", Value: api},
			config.EnvVar{Name: "FRONTEND_PORT", Value: strconv.Itoa(f.Port)})
	}
	if page != "" {
		st.cfg.Backend.Env = append(st.cfg.Backend.Env, config.EnvVar{Name: "FRONTEND_URL", Value: page})
	}
	return nil
}

// localhost is the name that people and their settings know, or the address
// where the machine does not know the name: a container's /etc/hosts may lack it.
func localhost() string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := net.DefaultResolver.LookupHost(ctx, "localhost"); err != nil {
		return "127.0.0.1"
	}
	return "localhost"
}

func portFromEnv(name string, port *int) error {
	text := os.Getenv(name)
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1024 || n > 65535 {
		return UsageError(fmt.Sprintf("%s=%s: a port is a number from 1024 to 65535", name, text))
	}
	*port = n
	return nil
}
