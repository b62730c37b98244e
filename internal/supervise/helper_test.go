package supervise

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/plan"
	"muster/internal/proc"
)

// The test binary is the supervisor and the servers too.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // or every process of a test lingers for a second
	Resident()
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "server":
			server(os.Args[2:])
			return
		case "traced":
			traced(os.Args[2:])
			return
		case "command":
			os.Exit(runCommand(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

// server is a small server with faults to order.
func server(args []string) {
	fs := flag.NewFlagSet("server", flag.ExitOnError)
	port := fs.Int("port", 0, "serve /health here; 0: on descriptor 3")
	delay := fs.Duration("delay", 0, "before it listens")
	termDelay := fs.Duration("term-delay", 0, "between SIGTERM and the end")
	deaf := fs.Bool("deaf", false, "ignore SIGTERM")
	drain := fs.Bool("drain", false, "answer what was accepted before the end")
	die := fs.Duration("die", 0, "exit with code 3 after this time")
	dieOnce := fs.String("die-once", "", "die at once if this file is missing, and create it")
	hang := fs.String("hang", "", "answer no request while this file exists")
	slow := fs.Duration("slow", 0, "before each answer but the first")
	fork := fs.String("fork", "", "start a grandchild: a deaf one in its group or in another session, or a polite one in its group")
	lines := fs.Int("lines", 0, "print so many numbered lines a second")
	unique := fs.Bool("unique", false, "say in each line which process it is from")
	fs.Parse(args)

	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	fmt.Println("hello from", os.Getenv("MUSTER_PROCESS"))
	if *dieOnce != "" {
		if _, err := os.Stat(*dieOnce); err != nil {
			os.WriteFile(*dieOnce, nil, 0o600)
			os.Exit(3)
		}
	}
	if *die > 0 {
		time.AfterFunc(*die, func() {
			fmt.Println("Traceback: it went wrong")
			os.Exit(3)
		})
	}
	if *fork != "" {
		c := exec.Command(os.Args[0], "server", "-port", "-1", "-deaf="+strconv.FormatBool(*fork != "polite"))
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: *fork == "session"}
		c.Stdout = os.Stdout
		if err := c.Start(); err != nil {
			panic(err)
		}
		fmt.Println("grandchild", c.Process.Pid)
	}
	bye := func() {
		fmt.Println("bye from", os.Getenv("MUSTER_PROCESS"), time.Now().UnixNano())
		os.Exit(0)
	}
	if !*drain {
		go func() {
			for range term {
				if !*deaf {
					time.Sleep(*termDelay)
					bye()
				}
			}
		}()
	}
	if *lines > 0 {
		from := "line"
		if *unique {
			from = fmt.Sprintf("line %d-%d", os.Getpid(), time.Now().UnixNano())
		}
		go func() {
			for n := 0; ; n++ {
				printWhole(fmt.Sprintf("%s %08d\n", from, n))
				time.Sleep(time.Second / time.Duration(*lines))
			}
		}()
	}
	if *port < 0 {
		select {}
	}
	time.Sleep(*delay)
	var l net.Listener
	var err error
	if *port == 0 {
		given := os.NewFile(3, "listener")
		l, err = net.FileListener(given)
		given.Close() // as many servers do: they have a descriptor of their own now
	} else {
		l, err = net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(*port))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var asked atomic.Int64
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		for *hang != "" {
			if _, err := os.Stat(*hang); err != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if asked.Add(1) > 1 {
			time.Sleep(*slow)
		}
		fmt.Fprint(w, os.Getpid())
	})
	// Shutdown would drop a request that comes over a connection accepted before.
	var accepted sync.WaitGroup
	srv := http.Server{ConnState: func(_ net.Conn, to http.ConnState) {
		switch to {
		case http.StateNew:
			accepted.Add(1)
		case http.StateClosed:
			accepted.Done()
		}
	}}
	if *drain {
		go func() { <-term; l.Close() }()
	}
	srv.Serve(l)
	accepted.Wait()
	bye()
}

// printWhole prints a line, also when the disk is full for a while.
func printWhole(line string) {
	for b := []byte(line); len(b) > 0; {
		n, err := os.Stdout.Write(b)
		if b = b[n:]; err != nil {
			time.Sleep(time.Millisecond)
		}
	}
}

// project is one project of a test. Whatever the test does, nothing of it is
// left when it ends.
type project struct {
	t     *testing.T
	local local.Dir
	plan  plan.Plan
}

func newProject(t *testing.T) *project {
	t.Helper()
	pr := &project{t: t, local: local.Of(t.TempDir())}
	pr.plan.Config = filepath.Join(pr.local.Project(), "dev-config.yaml")
	t.Cleanup(func() {
		pr.client().Stop(context.Background(), nil, 2*time.Second)
		if left := pr.marked(); len(left) > 0 {
			t.Errorf("processes left: %v", left)
			killGroups(left)
		}
		if t.Failed() {
			for _, f := range []string{pr.local.Log(supervisorName), pr.local.Unified()} {
				b, _ := os.ReadFile(f)
				t.Logf("%s:\n%s", filepath.Base(f), b)
			}
		}
	})
	return pr
}

func (pr *project) client() *Client {
	exe, err := os.Executable()
	if err != nil {
		pr.t.Fatal(err)
	}
	return &Client{Local: pr.local, Exe: exe, Logs: logs.Options{}}
}

// add puts a server into the plan. It listens on a free port of its own.
func (pr *project) add(name string, args ...string) *plan.Process {
	pr.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		pr.t.Fatal(err)
	}
	port := freePort(pr.t)
	pr.plan.Processes = append(pr.plan.Processes, plan.Process{
		Name: name, Server: strings.TrimRight(name, "-0123456789"), Kind: plan.Server,
		Exe: exe, Args: append([]string{exe, "server", "-port", strconv.Itoa(port)}, args...),
		Dir: pr.t.TempDir(), Log: pr.local.Log(name),
		Host: "127.0.0.1", Port: port, URL: "http://127.0.0.1:" + strconv.Itoa(port),
		Health: plan.Health{Path: "/health", Interval: 200 * time.Millisecond, Timeout: 5 * time.Second, // the machine may be busy
			Retries: 2, StartPeriod: 20 * time.Second},
		Restart: plan.RestartAlways, StopRank: 1, StopTimeout: 2 * time.Second,
	})
	return &pr.plan.Processes[len(pr.plan.Processes)-1]
}

// addListening puts a server into the plan that gets its socket handed over.
func (pr *project) addListening(name string, args ...string) *plan.Process {
	p := pr.add(name)
	p.Listen = true
	p.Args = append([]string{p.Exe, "server"}, args...)
	return p
}

// addNginx puts a real nginx into the plan, with what its server block holds.
func (pr *project) addNginx(exe, server string) {
	pr.t.Helper()
	p := pr.add("nginx")
	dir, conf := pr.t.TempDir(), pr.local.NginxConf()
	text := fmt.Sprintf("worker_processes 2; daemon off; pid %[1]s/nginx.pid; error_log stderr warn;\n"+
		"events { worker_connections 64; }\nhttp { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p;\n"+
		"fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;\n"+
		"server { listen 127.0.0.1:%[2]d; %[3]s } }\n", dir, p.Port, server)
	if os.Getuid() == 0 {
		text = "user root;\n" + text // its workers write below a folder that is closed to others
	}
	if err := os.MkdirAll(string(pr.local), 0o700); err != nil {
		pr.t.Fatal(err)
	}
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		pr.t.Fatal(err)
	}
	p.Kind, p.StopRank, p.Exe, p.Dir = plan.Gateway, 0, exe, pr.local.Project()
	p.Args = []string{exe, "-p", p.Dir, "-c", conf}
	p.Health = plan.Health{TCP: true, Interval: time.Second, Timeout: 5 * time.Second, Retries: 3, StartPeriod: 20 * time.Second}
}

func (pr *project) start(opts StartOptions) (already bool) {
	pr.t.Helper()
	already, err := pr.client().Start(pr.t.Context(), pr.plan, opts)
	if err != nil {
		pr.t.Fatalf("start: %v", err)
	}
	return already
}

func (pr *project) status() Status {
	pr.t.Helper()
	st, err := pr.client().Status(pr.t.Context())
	if err != nil {
		pr.t.Fatalf("status: %v", err)
	}
	return st
}

func (pr *project) process(name string) ProcessStatus {
	pr.t.Helper()
	for _, p := range pr.status().Processes {
		if p.Name == name {
			return p
		}
	}
	pr.t.Fatalf("no process %s", name)
	return ProcessStatus{}
}

func (pr *project) log(name string) string {
	b, err := os.ReadFile(pr.local.Log(name))
	if err != nil {
		pr.t.Fatal(err)
	}
	return string(b)
}

// patience is how long a test waits for something that is to happen: far longer
// than it takes, for the machine may be busy.
const patience = 40 * time.Second

// eventually polls until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	pause := time.Millisecond
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(pause) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
		pause = min(2*pause, 10*time.Millisecond) // many tests poll at once
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	// Each once, apart from those of the other packages' tests, which run at the same
	// time, and from those of checkouts that choose their own.
	const lowest, highest = 8_100, 9_900
	for {
		port := lowest + int(nextPort.Add(1)+firstPort)%(highest-lowest)
		if proc.TryPort("127.0.0.1", port) == nil {
			return port
		}
	}
}

var (
	firstPort = rand.Uint32N(1_800)
	nextPort  atomic.Uint32
)

// killGroups kills processes with their groups: by its title alone nobody would know a
// worker whose nginx is gone.
func killGroups(ids []proc.Identity) {
	for _, id := range ids {
		if group, err := syscall.Getpgid(id.PID); err == nil && group != syscall.Getpgrp() {
			syscall.Kill(-group, syscall.SIGKILL)
		}
		id.Signal(syscall.SIGKILL)
	}
}

func kill(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if pid <= 0 {
		t.Fatalf("kill %d would be for our own group", pid)
	}
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("kill %d: %v", pid, err)
	}
	switch sig { // it ends, or stands still, when the kernel comes to it
	case syscall.SIGSTOP:
		if id, err := proc.Identify(pid); err == nil {
			t.Cleanup(func() { id.Signal(syscall.SIGCONT) }) // or nobody could end it
		}
		eventually(t, "all threads stand still", func() bool { return standsStill(pid) })
	case syscall.SIGKILL:
		eventually(t, "the killed process is gone", func() bool {
			_, err := proc.Identify(pid)
			return err != nil
		})
	}
}

// standsStill tells whether no thread of a process runs on, where that can be seen.
func standsStill(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	return !slices.ContainsFunc(threads, func(file string) bool {
		stat, _ := os.ReadFile(file)
		_, after, _ := bytes.Cut(stat, []byte(") "))
		return len(after) > 0 && after[0] != 'T'
	})
}
