package targets_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// freeports NAME[:N]... sets $NAME to a port that is free, and of which the
// N-1 that follow are free too.
func freePorts(ts *testscript.TestScript, neg bool, args []string) {
	given := ts.Value(portsKey{}).(*[]int)
	if len(*given) == 0 {
		ts.Defer(func() { // before all that was deferred earlier: the last look at what is left
			for _, cmd := range ts.BackgroundCmds() {
				cmd.Process.Kill()
			}
		})
	}
	for _, arg := range args {
		name, count, _ := strings.Cut(arg, ":")
		n := 1
		if count != "" {
			var err error
			n, err = strconv.Atoi(count)
			ts.Check(err)
		}
		first := takePorts(ts, n)
		for i := range n {
			*given = append(*given, first+i)
		}
		ts.Setenv(name, strconv.Itoa(first))
	}
}

// The ports lie below those that the kernel gives out by itself (32768 and up,
// ip(7)), so that no outgoing connection takes one between here and its use, and apart
// from those of other packages' tests and of checkouts that choose their own.
const (
	lowestPort  = 2000
	highestPort = 7900
)

var handedOut = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

func takePorts(ts interface{ Fatalf(string, ...any) }, n int) int {
	handedOut.Lock()
	defer handedOut.Unlock()
	for range 1000 {
		first := lowestPort + rand.IntN(highestPort-lowestPort)
		ok := true
		for p := first; p < first+n; p++ {
			ok = ok && !handedOut.ports[p] && portFree(p)
		}
		if !ok {
			continue
		}
		for p := first; p < first+n; p++ {
			handedOut.ports[p] = true
		}
		return first
	}
	ts.Fatalf("no %d free ports in a row", n)
	return 0
}

func portFree(port int) bool {
	// A program that another script starts meanwhile would have the port until its exec.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// expand FILE... fills in the variables in files.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	for _, file := range args {
		text := os.Expand(ts.ReadFile(file), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o644))
	}
}

// exits CODE PROGRAM ARG... runs a program that ends with this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	if code, err := run(ts, args[1:]); strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, not %s: %v", code, args[0], err)
	}
}

func run(ts *testscript.TestScript, args []string) (code int, err error) {
	err = ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		return exit.ExitCode(), err
	}
	ts.Fatalf("%v", err)
	return -1, err
}

// eventually [-exit=CODE] [-stdout=TEXT] [-touch=FILE] PROGRAM ARG... repeats a
// program until it ends with this code (0) and has printed the text. A file is
// touched now and then for a watcher that misses a change: seldom enough that
// what the watcher does at each can end.
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	want, text, file := 0, "", ""
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch name, value, _ := strings.Cut(args[0], "="); name {
		case "-exit":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			want = n
		case "-stdout":
			text = value
		case "-touch":
			file = ts.MkAbs(value)
		default:
			ts.Fatalf("eventually: unknown flag %s", args[0])
		}
		args = args[1:]
	}
	pause, touched := 20*time.Millisecond, time.Now()
	for deadline := time.Now().Add(patience); ; time.Sleep(pause) {
		code, err := run(ts, args)
		if code == want && strings.Contains(ts.ReadFile("stdout"), text) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("not within %s: exit code %d (now %d: %v) and %q", patience, want, code, err, text)
		}
		pause = min(2*pause, 250*time.Millisecond)
		if now := time.Now(); file != "" && now.Sub(touched) > patience/4 {
			ts.Check(os.Chtimes(file, now, now))
			touched = now
		}
	}
}

// json FILE PATH=VALUE... compares fields of a JSON file, or of stdout. A path
// is such as processes.0.name or processes.len; the value * is any.
func jsonFields(ts *testscript.TestScript, neg bool, args []string) {
	var doc any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &doc); err != nil {
		ts.Fatalf("%s is no JSON: %v", args[0], err)
	}
	for _, arg := range args[1:] {
		path, want, _ := strings.Cut(arg, "=")
		got, err := field(doc, path)
		if err == nil && want != "*" && got != want {
			err = fmt.Errorf("%s is %s, not %s", path, got, want)
		}
		if (err != nil) != neg {
			ts.Fatalf("json %s: %v", arg, err)
		}
	}
}

// field finds a value in a JSON document, as text.
func field(doc any, path string) (string, error) {
	at := doc
	for key := range strings.SplitSeq(path, ".") {
		var ok bool
		switch v := at.(type) {
		case map[string]any:
			at, ok = v[key]
		case []any:
			var i int
			if key == "len" {
				at, ok = float64(len(v)), true
			} else if i, _ = strconv.Atoi(key); i < len(v) {
				at, ok = v[i], true
			}
		}
		if !ok {
			return "", fmt.Errorf("there is no %s", path)
		}
	}
	if s, ok := at.(string); ok {
		return s, nil
	}
	text, err := json.Marshal(at)
	return string(text), err
}

// get PATH VAR sets $VAR to a field of the JSON in stdout.
func get(ts *testscript.TestScript, neg bool, args []string) {
	var doc any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc))
	value, err := field(doc, args[0])
	ts.Check(err)
	ts.Setenv(args[1], value)
}

// pid NAME VAR sets $VAR to the pid that backend:status tells of a process, or
// of the supervisor.
func pidOf(ts *testscript.TestScript, neg bool, args []string) {
	if _, err := run(ts, []string{"muster", "backend:status", "-json"}); ts.ReadFile("stdout") == "" {
		ts.Fatalf("no status: %v", err)
	}
	var st struct {
		Supervisor struct{ PID int }
		Processes  []struct {
			Name string
			PID  int
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &st))
	pid := 0
	if args[0] == "supervisor" {
		pid = st.Supervisor.PID
	}
	for _, p := range st.Processes {
		if p.Name == args[0] {
			pid = p.PID
		}
	}
	if pid == 0 {
		ts.Fatalf("%s does not run", args[0])
	}
	ts.Setenv(args[1], strconv.Itoa(pid))
}

// equal A B compares two texts.
func equal(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: equal A B")
	}
	if (args[0] == args[1]) == neg {
		ts.Fatalf("%q and %q", args[0], args[1])
	}
}

// alive PID... tells that processes live; a zombie does not.
func alive(ts *testscript.TestScript, neg bool, args []string) {
	for _, arg := range args {
		pid, err := strconv.Atoi(arg)
		ts.Check(err)
		for deadline := time.Now().Add(patience); lives(pid) == neg; time.Sleep(5 * time.Millisecond) {
			if !neg || time.Now().After(deadline) {
				ts.Fatalf("pid %d lives: %t", pid, lives(pid))
			}
		}
	}
}

// signal NAME PID... sends a signal.
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	sig, ok := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM,
		"KILL": syscall.SIGKILL, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT}[args[0]]
	if !ok {
		ts.Fatalf("unknown signal %s", args[0])
	}
	for _, arg := range args[1:] {
		pid, err := strconv.Atoi(arg)
		ts.Check(err)
		ts.Check(syscall.Kill(pid, sig))
	}
}

// noleft [-soon] tells that nothing of the script's projects runs, that no pid
// file is left, and that no port is held: now, as after a stop, or soon, where
// nobody waited for the end.
func noLeft(ts *testscript.TestScript, neg bool, args []string) {
	roots, err := projects(ts.Getenv("WORK"))
	ts.Check(err)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		err := nothingLeft(roots, *ts.Value(portsKey{}).(*[]int))
		if err == nil {
			return
		}
		if len(args) == 0 || time.Now().After(deadline) {
			ts.Fatalf("%v", err)
		}
	}
}
