// Command watchrun runs a command when something below a folder changes, for
// measuring the watcher beside others: watchrun [-out FILE] FOLDER COMMAND...
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"muster/internal/watch"
)

func main() {
	out := flag.String("out", "", "files that the command writes, separated by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	argv := flag.Args()[1:]
	if len(argv) == 1 {
		argv = strings.Fields(argv[0])
	}
	o := watch.Options{Roots: flag.Args()[:1], Run: func(ctx context.Context, _ []string) {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "watchrun:", err)
		}
	}, Report: func(s string) { fmt.Fprintln(os.Stderr, s) }}
	if *out != "" {
		o.Outputs = strings.Split(*out, ",")
	}
	if err := watch.Watch(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "watchrun:", err)
		os.Exit(1)
	}
}
