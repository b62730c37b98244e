package targets_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// fake is a server with faults to order, and a stranger on a port.
func fake() {
	port := flag.Int("port", 0, "listen here; 0: do not serve")
	delay := flag.Duration("delay", 0, "before it listens")
	deaf := flag.Bool("deaf", false, "ignore SIGTERM")
	linger := flag.Duration("linger", 0, "between SIGTERM and the end")
	sick := flag.Bool("sick", false, "answer 503 to /health")
	die := flag.Int("die", -1, "print a traceback and exit with this code at once")
	say := flag.String("say", "", "print this at the start")
	flood := flag.Int("flood", 0, "print so many lines a second")
	flag.Parse()

	name := os.Getenv("MUSTER_PROCESS")
	fmt.Println("hello from", name)
	if *say != "" {
		fmt.Println(*say)
	}
	if *die >= 0 {
		fmt.Fprintln(os.Stderr, "Traceback: it went wrong")
		os.Exit(*die)
	}
	if *flood > 0 {
		go printLines(*flood)
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM, os.Interrupt)
	go func() {
		for range term {
			if !*deaf {
				time.Sleep(*linger)
				fmt.Println("bye from", name)
				os.Exit(0)
			}
		}
	}()
	time.Sleep(*delay)
	if *port == 0 {
		select {}
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(*port))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if *sick && r.URL.Path == "/health" {
			http.Error(w, "not well", http.StatusServiceUnavailable)
			return
		}
		if line := r.URL.Query().Get("print"); line != "" {
			fmt.Println(line)
		}
		if r.URL.Query().Has("say-id") {
			fmt.Printf("INFO: serving %s [%s]\n", r.URL.Path, r.Header.Get("X-Request-ID"))
		}
		if d, err := time.ParseDuration(r.URL.Query().Get("wait")); err == nil {
			time.Sleep(d)
		}
		if code, err := strconv.Atoi(r.URL.Query().Get("exit")); err == nil {
			os.Exit(code)
		}
		json.NewEncoder(w).Encode(map[string]any{"instance": name, "pid": os.Getpid(), "path": r.URL.Path,
			"env": os.Getenv(r.URL.Query().Get("env"))})
	})
	fmt.Println(http.Serve(l, nil))
}

// printLines prints numbered lines, so many a second, for ever.
func printLines(perSecond int) {
	began, out := time.Now(), bufio.NewWriterSize(os.Stdout, 64<<10)
	for n := 0; ; time.Sleep(5 * time.Millisecond) {
		for due := int(time.Since(began).Seconds() * float64(perSecond)); n < due; n++ {
			fmt.Fprintf(out, "INFO:     line %d of a server that says a lot more than anybody can read\n", n)
		}
		out.Flush()
	}
}
