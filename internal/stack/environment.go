package stack

import (
	"fmt"
	"os"
	"strconv"

	"muster/internal/config"
	"muster/internal/proc"
)

// environment lays the environment's wishes over the configuration: BACKEND_PORT,
// FRONTEND_PORT, VITE_API_URL and FRONTEND_URL.
func (st *Stack) environment() error {
	api := os.Getenv("VITE_API_URL")
	if port := st.entry(); port != nil {
		if err := portFromEnv("BACKEND_PORT", port); err != nil {
			return err
		}
		if api == "" {
			api = "http://" + proc.Localhost(st.cfg.LinkHost("localhost")) + ":" + strconv.Itoa(*port)
		}
	}
	page := os.Getenv("FRONTEND_URL")
	if f := st.cfg.Page(); f != nil {
		if err := portFromEnv("FRONTEND_PORT", &f.Port); err != nil {
			return err
		}
		if page == "" {
			page = "http://" + st.cfg.LinkHost(proc.Localhost("localhost")) + ":" + strconv.Itoa(f.Port)
		}
	}
	for i := range st.cfg.Frontends {
		f := &st.cfg.Frontends[i]
		if api != "" {
			f.Env = append(f.Env, config.EnvVar{Name: "VITE_API_URL", Value: api})
		}
		f.Env = append(f.Env, config.EnvVar{Name: "FRONTEND_PORT", Value: strconv.Itoa(f.Port)})
	}
	if page != "" {
		st.cfg.Backend.Env = append(st.cfg.Backend.Env, config.EnvVar{Name: "FRONTEND_URL", Value: page})
	}
	return nil
}

// entry is the port at which the backend is reached, or nil.
func (st *Stack) entry() *int {
	switch {
	case st.cfg.Nginx != nil:
		return &st.cfg.Nginx.Port
	case len(st.cfg.Servers) > 0:
		return &st.cfg.Servers[0].Port
	}
	return nil
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
