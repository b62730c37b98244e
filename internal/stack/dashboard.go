package stack

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/internal/config"
	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
	"muster/internal/supervise"
)

// DashboardName is that of the dashboard's process: projects have dashboards of their own.
const DashboardName = "muster-dashboard"

// dashboardProcess is the page that shows what runs: this program, called as its
// target. It gets its listening socket, so that a page which asks while it is started
// again waits instead of being refused.
func dashboardProcess(cfg *config.Config, exe string, port int) plan.Process {
	return plan.Process{
		Name: DashboardName, Server: DashboardName, Kind: plan.Watcher,
		Exe: exe, Args: []string{exe, "dev:serveDashboard", "-config=" + cfg.File}, Dir: cfg.Dir, Env: shellWishes(),
		Log:  cfg.Local().Log(DashboardName),
		Host: "127.0.0.1", Port: port, Listen: true,
		URL:     "http://" + cfg.LinkHost("127.0.0.1") + ":" + strconv.Itoa(port),
		Health:  plan.Health{Path: "/health", Interval: time.Minute, Timeout: time.Second, Retries: 3, StartPeriod: time.Minute},
		Restart: plan.RestartAlways, StopTimeout: 2 * time.Second,
	}
}

// DashboardLink is where a person opens the dashboard. What only this user may know
// is behind the #, which no browser sends anywhere.
func DashboardLink(dir local.Dir, url string) string {
	token, err := DashboardToken(dir)
	if err != nil {
		return url
	}
	return url + "/#token=" + token
}

// DashboardToken is the secret of this run, which is made if there is none.
func DashboardToken(dir local.Dir) (string, error) {
	token, err := local.Read(dir.DashboardToken(), 1<<10)
	if err == nil && isToken(string(token)) {
		return string(token), nil
	}
	return newDashboardToken(dir)
}

// isToken tells whether a text can be of rand.Text: it becomes part of a link.
func isToken(s string) bool {
	return len(s) >= 26 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

func newDashboardToken(dir local.Dir) (string, error) {
	if err := dir.Make(); err != nil {
		return "", err
	}
	token := rand.Text()
	return token, local.Replace(dir.DashboardToken(), []byte(token), 0o600)
}

// keptPort is what .local keeps of the port that was chosen.
type keptPort struct {
	Folder local.Place `json:"folder"` // whose it is: a copy of the folder has another one
	Port   int         `json:"port"`
}

// Ports that are chosen lie below those of checkouts with blocks of their own.
const (
	firstDashboard = 10100
	allDashboards  = 6800
)

// dashboardPort is the configured one or else the one of the last time. Where somebody
// else has that by now, or there was none, it is the next free one from the place that
// the folder's path leads to. The file returned keeps others from it until it is closed.
func dashboardPort(cfg *config.Config, running plan.Plan) (int, *os.File, error) {
	if cfg.Dashboard.Port != 0 {
		return cfg.Dashboard.Port, nil, nil
	}
	dir := cfg.Local()
	var kept keptPort
	if data, err := local.Read(dir.DashboardPort(), local.MaxState); err != nil || json.Unmarshal(data, &kept) != nil || kept.Folder.Copied(cfg.Dir) {
		kept.Port = 0
	}
	if p, runs := dashboardOf(running); runs && (p.Port == kept.Port || kept.Port == 0) {
		return p.Port, nil, nil
	}
	sum := sha256.Sum256([]byte(cfg.Dir))
	first := int(binary.BigEndian.Uint64(sum[:]) % allDashboards)
	taken := map[int]bool{}
	for _, m := range cfg.Processes() {
		for i := range m.Instances {
			taken[m.Port+i] = true
		}
	}
	for _, spare := range cfg.SparePorts() {
		taken[spare] = true
	}
	if n := cfg.Nginx; n != nil {
		taken[n.Port], taken[n.RedirectPort] = true, true
	}
	for i := -1; i < allDashboards; i++ {
		port := firstDashboard + (first+i)%allDashboards
		if i < 0 {
			port = kept.Port
		}
		if port < 1024 || port > 65535 || taken[port] || proc.TryPort("127.0.0.1", port) != nil {
			continue
		}
		hold, err := proc.ReservePort(port)
		if err != nil && i >= 0 { // that of the last time may still have connections that have ended
			continue
		}
		return port, hold, keepDashboardPort(cfg, port)
	}
	return 0, nil, hint.With(fmt.Errorf("no port is free for the dashboard"), "name one in the configuration: dashboard: {port: 8090}, or leave it out: dashboard: false")
}

func keepDashboardPort(cfg *config.Config, port int) error {
	dir := cfg.Local()
	if err := dir.Make(); err != nil {
		return err
	}
	data, err := json.Marshal(keptPort{local.PlaceAt(cfg.Dir), port})
	if err != nil {
		return err
	}
	return local.Replace(dir.DashboardPort(), append(data, '\n'), 0o600)
}

func dashboardOf(p plan.Plan) (plan.Process, bool) {
	i := slices.IndexFunc(p.Processes, func(p plan.Process) bool { return p.Name == DashboardName })
	if i < 0 {
		return plan.Process{}, false
	}
	return p.Processes[i], true
}

// Dashboard returns the link of the dashboard, which it starts beside what runs if it
// does not run yet.
func Dashboard(ctx context.Context, c *supervise.Client, cfg *config.Config) (string, error) {
	running := c.Plan()
	port, hold, err := dashboardPort(cfg, running)
	if err != nil {
		return "", err
	}
	p := dashboardProcess(cfg, c.Exe, port)
	running.Config = cfg.File
	running.Processes = append(slices.DeleteFunc(running.Processes, func(p plan.Process) bool { return p.Name == DashboardName }), p)
	if hold != nil {
		hold.Close()
	}
	if _, err := c.Start(ctx, running, supervise.StartOptions{Names: []string{DashboardName}}); err != nil {
		return "", err
	}
	return DashboardLink(c.Local, p.URL), nil
}

// shellWishes are what of this command's environment a process needs that works as a
// command would: it finds the tools of this one, not those of the command that started
// the supervisor.
func shellWishes() (env []string) {
	for name := range strings.FieldsSeq("PATH PYTHONPATH BACKEND_PORT FRONTEND_PORT VITE_API_URL FRONTEND_URL MUSTER_PROFILES") {
		env = append(env, name+"="+os.Getenv(name))
	}
	return env
}
