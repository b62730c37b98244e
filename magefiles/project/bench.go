package project

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/magefile/mage/mg"

	"muster/internal/console"
	"muster/internal/stack"
)

// Bench compares muster with other process managers.
type Bench mg.Namespace

// harness names the variable that says where bench.py is.
const harness = "BENCH_HARNESS"

// Peers runs the comparison on all managers that are installed, and prints its
// tables. BENCH_HARNESS names the folder of bench.py.
//
// -tools=hivemind,runit and -workloads=life3,logs restrict it.
func (Bench) Peers(ctx context.Context, tools, workloads *string, repetitions *int) error {
	return console.Exit(peers(ctx, console.Or(tools, ""), console.Or(workloads, ""), console.Or(repetitions, 3)))
}

func peers(ctx context.Context, tools, workloads string, repetitions int) error {
	dir := os.Getenv(harness)
	if dir == "" {
		return stack.UsageError(harness + " has to name the folder that holds bench.py")
	}
	script := filepath.Join(dir, "bench.py")
	if _, err := os.Stat(script); err != nil {
		return stack.UsageError(harness + ": " + err.Error())
	}
	cfg, err := example()
	if err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	scratch := filepath.Join(string(cfg.Local()), "bench")
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		return err
	}
	adapter, err := writeAdapter(ctx, cfg.Dir, scratch, exe)
	if err != nil {
		return err
	}
	env := append(os.Environ(), "BENCH_CUSTOM="+adapter, "BENCH_RESULTS="+filepath.Join(scratch, "results"),
		"PYTHONDONTWRITEBYTECODE=1")
	args := []string{script, "run", "-r", strconv.Itoa(repetitions)}
	if tools != "" {
		args = append(args, "-t", tools)
	}
	if workloads != "" {
		args = append(args, "-w", workloads)
	}
	for _, argv := range [][]string{args, {script, "report"}} {
		cmd := exec.CommandContext(ctx, "python3", argv...)
		cmd.Env, cmd.Stdout, cmd.Stderr = env, os.Stdout, os.Stderr
		if argv[1] == "run" {
			cmd.Stdout = os.Stderr // progress; the tables are what was asked for
		}
		if err := cmd.Run(); err != nil {
			return errors.Join(errors.New("bench.py "+argv[1]), err)
		}
	}
	stderr.Done("every figure: %s", filepath.Join(scratch, "results"))
	return nil
}

// writeAdapter describes this muster to the harness.
func writeAdapter(ctx context.Context, root, scratch, exe string) (string, error) {
	prepare := filepath.Join(scratch, "prepare")
	build := exec.CommandContext(ctx, "go", "build", "-o", prepare, "./magefiles/project/prepare")
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		return "", err
	}
	target := func(name string) []string { return []string{exe, name} }
	adapter := map[string]any{
		"name": "muster", "prepare": []string{prepare, "{dir}"}, "comm": filepath.Base(exe),
		"start": target("backend:start"), "stop": target("backend:stop"),
		"restart": target("backend:restart"), "status": target("backend:status"),
		"combined":   "{dir}/.local/logs/backend-unified.log",
		"individual": "{dir}/.local/logs/{name}-0.log",
	}
	text, err := json.Marshal(adapter)
	if err != nil {
		return "", err
	}
	file := filepath.Join(scratch, "muster.json")
	return file, os.WriteFile(file, text, 0o600)
}
