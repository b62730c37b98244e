package targets_test

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load -ready=FILE -until=FILE [-d=BODY] METHOD URL... makes requests without
// a pause, over new connections and, where a request may be repeated, over
// kept ones, until the file until is there. (A server may close a kept
// connection in the moment in which a request is sent, and a client repeats
// it then, but no POST.) It makes the file ready after the first hundred. Every one
// must be answered with a status below 400.
func loadClient() {
	ready := flag.String("ready", "", "file to make once it is under way")
	until := flag.String("until", "", "file to wait for")
	body := flag.String("d", "", "JSON to send")
	flag.Parse()
	args := flag.Args()
	if len(args) < 2 || *until == "" {
		fail("usage: load -ready=FILE -until=FILE [-d=BODY] METHOD URL...")
	}
	var answered atomic.Int64
	var wg sync.WaitGroup
	var once sync.Once
	deadline := time.Now().Add(2 * patience)
	for worker := range 4 {
		client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: worker%2 == 0 || args[0] == "POST"}}
		wg.Go(func() {
			for n := worker; ; n++ {
				if _, err := os.Stat(*until); err == nil {
					return
				}
				if time.Now().After(deadline) {
					fail("there is no %s yet", *until)
				}
				req, err := http.NewRequest(args[0], args[1+n%(len(args)-1)], strings.NewReader(*body))
				if err != nil {
					fail("%v", err)
				}
				req.Header.Set("Content-Type", "application/json")
				resp, err := client.Do(req)
				if err != nil {
					fail("after %d requests: %v", answered.Load(), err)
				}
				data, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode >= 400 {
					fail("after %d requests: %s: %s", answered.Load(), resp.Status, data)
				}
				if answered.Add(1) >= 100 {
					once.Do(func() { os.WriteFile(*ready, nil, 0o644) })
				}
			}
		})
	}
	wg.Wait()
	fmt.Printf("%d requests, 0 failed\n", answered.Load())
}
