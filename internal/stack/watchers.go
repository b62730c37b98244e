package stack

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"muster/internal/config"
	"muster/internal/plan"
)

// watcherProcesses are the processes that keep clients and servers in line with
// what is saved: this program, called as their targets.
func (st *Stack) watcherProcesses() []plan.Process {
	var procs []plan.Process
	add := func(name, target string, env []string, args ...string) {
		procs = append(procs, plan.Process{
			Name: name, Server: name, Kind: plan.Watcher,
			Exe: st.client.Exe, Args: append([]string{st.client.Exe, target, "-config=" + st.cfg.File}, args...), Dir: st.cfg.Dir, Env: env,
			Log:     st.client.Local.Log(name),
			Health:  plan.Health{Interval: time.Minute, Timeout: time.Second, Retries: 1, StartPeriod: time.Minute},
			Restart: plan.RestartAlways, StopTimeout: 2 * time.Second,
		})
	}
	digest := []string{"MUSTER_SPECS=" + st.digest}
	if st.generates() && st.cfg.Specs.Python.Dir != "" {
		add("watch-python", "specs:watchPython", digest)
	}
	if st.generates() && len(st.cfg.Specs.TypeScript) > 0 {
		add("watch-frontend", "specs:watchFrontend", digest)
	}
	add("watch-config", "dev:watchConfig", shellWishes(), fmt.Sprintf("-multi=%t", st.multi))
	return procs
}

// watchersDigest changes with whatever the watchers of specs read in the
// configuration: when it does, they are to be started again.
func watchersDigest(cfg *config.Config) (string, error) {
	data, err := json.Marshal([]any{cfg.APIBaseURL, cfg.Servers, cfg.Backend, cfg.Frontends, cfg.Specs})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(data)), nil
}
