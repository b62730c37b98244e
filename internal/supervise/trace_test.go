package supervise

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"muster/internal/local"
	"muster/internal/proc"
)

// traced is a server, a worker or a task that writes into a file what becomes of it,
// one line each: who, what, its pid, its start and the time, and what it needs.
func traced(args []string) {
	fs := flag.NewFlagSet("traced", flag.ExitOnError)
	file := fs.String("trace", "", "the file")
	needs := fs.String("needs", "-", "what must be there before")
	after := fs.String("after", "-", "what must have been started before")
	port := fs.Int("port", -1, "serve /health here; 0: on descriptor 3; -1: nowhere")
	delay := fs.Duration("delay", 0, "before it is there, and before it ends")
	code := fs.Int("exit", -1, "once it is there; -1: when told to")
	fs.Parse(args)

	id, err := proc.Identify(os.Getpid())
	if err != nil {
		panic(err)
	}
	name := os.Getenv("MUSTER_PROCESS")
	trace := func(what string) {
		note(*file, fmt.Sprintf("%s %s %d %d %d %s %s", name, what, id.PID, id.Start, time.Now().UnixNano(), *needs, *after))
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	only, err := local.Lock(*file + "." + name) // until its end, however that comes
	if err != nil {
		trace("doubled")
		os.Exit(4)
	}
	defer only.Close()
	trace("begin")
	var ending sync.Mutex // it is told to end, or is at its end
	go func() {
		<-term
		ending.Lock()
		trace("term")
		time.Sleep(*delay)
		trace("end")
		os.Exit(0)
	}()
	time.Sleep(*delay)
	ending.Lock()
	switch {
	case *code > 0:
		trace("end")
		os.Exit(*code)
	case *code == 0:
		trace("done")
		os.Exit(0)
	}
	trace("up")
	ending.Unlock()
	fmt.Println("ready")
	if *port < 0 {
		select {}
	}
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if *port > 0 {
		l, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:"+strconv.Itoa(*port))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	http.Serve(l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
}

// note appends a line to a file that others append to as well.
func note(file, line string) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.WriteString(line + "\n")
		f.Close()
	}
	if err != nil {
		panic(err)
	}
}

// run is one life of a process in a trace. What happened to it is the number of the
// line that tells of that, counted from 1; 0: it did not.
type run struct {
	name, needs, after   string // names, with a comma between them
	pid                  int
	start                uint64 // in the kernel's unit
	begin, up, term, end int
	done                 bool // a task that has succeeded: it has no end
}

// readTrace takes a trace apart. A line "- kill NAME" is the end of a process that
// could not write one, and a line of only "- stop" that of all.
func readTrace(file string) (runs []*run, lines []string, err error) {
	b, _ := os.ReadFile(file)
	lines = strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	last := map[string]*run{}
	for i, line := range lines {
		n, f := i+1, strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		if f[0] == "-" {
			for _, r := range last {
				if r.end == 0 && (f[1] == "stop" || f[1] == "kill" && f[2] == r.name && !r.done) {
					r.end = n
				}
			}
			continue
		}
		if f[1] == "doubled" {
			return nil, lines, fmt.Errorf("%s is doubled", f[0])
		}
		if f[1] == "begin" {
			r := &run{name: f[0], needs: f[5], after: f[6], begin: n}
			r.pid, _ = strconv.Atoi(f[2])
			r.start, _ = strconv.ParseUint(f[3], 10, 64)
			last[r.name] = r
			runs = append(runs, r)
		}
		r := last[f[0]]
		if r == nil || strconv.Itoa(r.pid) != f[2] {
			return nil, lines, fmt.Errorf("line %d is of nobody that has begun: %s", n, line)
		}
		switch f[1] {
		case "up":
			r.up = n
		case "done":
			r.up, r.end, r.done = n, 0, true
		case "term":
			r.term = n
		case "end":
			r.end = n
		}
	}
	return runs, lines, nil
}

// inTime proves of the runs that began behind a line that what they need was there:
// at that moment or, where things happened at once, at some time before.
func inTime(runs []*run, from int, atOnce bool) error {
	for i, r := range runs {
		if r.begin <= from {
			continue
		}
		for name := range strings.SplitSeq(r.needs, ",") {
			there := name == "-"
			for _, on := range runs[:i] {
				if on.name == name {
					was := on.up != 0 && on.up < r.begin
					there = was && (on.end == 0 || on.end > r.begin) || atOnce && (was || there)
				}
			}
			if !there {
				return fmt.Errorf("%s begins (pid %d) before %s is there", r.name, r.pid, name)
			}
		}
		for name := range strings.SplitSeq(r.after, ",") {
			if name != "-" && !atOnce && !slices.ContainsFunc(runs, func(on *run) bool { return on.name == name && on.start <= r.start }) {
				return fmt.Errorf("%s begins (pid %d) before %s", r.name, r.pid, name)
			}
		}
	}
	return nil
}

// endInOrder proves of the runs that were told to end behind a line that each ended
// before what it depends on was told.
func endInOrder(runs []*run, from int) error {
	for _, r := range runs {
		for _, on := range runs {
			related := slices.Contains(strings.Split(r.needs+","+r.after, ","), on.name)
			both := r.begin <= from && on.begin <= from && r.term > from && on.term > from
			if related && both && (r.end == 0 || r.end > on.term) {
				return fmt.Errorf("%s (pid %d) is told to end before %s (pid %d) has ended", on.name, on.pid, r.name, r.pid)
			}
		}
	}
	return nil
}

// oneLeft proves that of each process one run is left, that of the status, and of a
// task none.
func oneLeft(runs []*run, st Status) error {
	for _, p := range st.Processes {
		var pids, want []int
		for _, r := range runs {
			if r.name == p.Name && r.end == 0 && !r.done {
				pids = append(pids, r.pid)
			}
		}
		if p.PID != 0 {
			want = []int{p.PID}
		}
		if !slices.Equal(pids, want) {
			return fmt.Errorf("%s runs as %v, its status is %+v", p.Name, pids, p)
		}
	}
	return nil
}
