package targets

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"muster/internal/console"
	"muster/internal/plan"
	"muster/internal/supervise"
)

// startForeground starts the plan, shows its log and stops it all at the first
// Ctrl-C. The second one kills.
func startForeground(ctx context.Context, c *supervise.Client, p *plan.Plan, only []string) error {
	// Mage ends the program at the second Ctrl-C; here it has a meaning. Reset
	// takes the signal from Mage, which has long asked for it by now.
	signal.Reset(os.Interrupt)
	interrupts := make(chan os.Signal, 4)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)

	starting, giveUp := context.WithCancel(ctx)
	defer giveUp()
	stopped := make(chan error, 1)
	go func() {
		<-interrupts
		console.Step(os.Stderr, "stopping; once more to kill")
		go func() {
			<-interrupts
			c.Stop(context.Background(), nil, 0)
		}()
		giveUp()
		err := c.Stop(context.Background(), nil, defaultStopTimeout)
		if errors.Is(err, supervise.ErrNothingRuns) {
			err = nil
		}
		stopped <- err
	}()

	follow, endLog := context.WithCancel(context.Background())
	defer endLog()
	shown := showLog(follow, c.Paths)

	out, err := c.Start(starting, *p, supervise.StartOptions{Names: only, Lease: true})
	if starting.Err() != nil {
		err = <-stopped
		endLog()
		<-shown
		return err
	}
	if err != nil {
		endLog()
		<-shown
		return err
	}
	defer out.Lease.Close()
	console.Done(os.Stderr, "ready at %s; Ctrl-C stops everything", entry(p))
	err = <-stopped
	endLog()
	<-shown
	return err
}

// entry is the URL that a plan is reached at.
func entry(p *plan.Plan) string {
	url := ""
	for _, proc := range p.Processes {
		if proc.Kind == plan.Gateway || url == "" {
			url = proc.URL
		}
	}
	return url
}
