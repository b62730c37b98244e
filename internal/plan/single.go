package plan

import (
	"time"

	"muster/internal/config"
)

// Single is the configuration of the single-process mode: every module in one
// uvicorn on the port that the gateway would have, and no gateway.
func Single(cfg *config.Config) *config.Config {
	one := *cfg
	port := 8000
	if cfg.Nginx != nil {
		port = cfg.Nginx.Port
	}
	one.Nginx, one.WebSocketRoutes = nil, nil
	one.Servers = []config.Server{{
		Name: "backend", Port: port, Instances: 1, Reload: true, Dir: cfg.Backend.Dir,
		Health: config.Health{Path: cfg.APIBaseURL + "/health", Interval: 10 * time.Second,
			Timeout: 2 * time.Second, Retries: 3, StartPeriod: 30 * time.Second,
			OnFailure: config.OnFailureReport},
		StopTimeout: 3 * time.Second, Restart: config.RestartAlways, Balance: config.RoundRobin,
	}}
	return &one
}
