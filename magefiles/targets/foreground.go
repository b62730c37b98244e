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

// foreground calls start, shows the log and stops everything at the first
// Ctrl-C, also while start is under way. The second one kills.
func foreground(ctx context.Context, c *supervise.Client, start func(context.Context, supervise.StartOptions) error) error {
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
	shown := showLog(follow, c.Local)
	defer func() {
		endLog()
		<-shown
	}()

	// Whatever ends this program ends the lease, and with it all that runs.
	lease := supervise.NewLease()
	defer lease.Close()
	err := start(starting, supervise.StartOptions{Lease: lease})
	if starting.Err() != nil {
		return <-stopped
	}
	if err != nil {
		return err
	}
	select {
	case err := <-stopped:
		return err
	case <-lease.Ended():
	}
	if starting.Err() != nil { // by us
		return <-stopped
	}
	console.Done(os.Stderr, "stopped from elsewhere")
	return nil
}

func startForeground(ctx context.Context, c *supervise.Client, p *plan.Plan, only []string) error {
	return foreground(ctx, c, func(ctx context.Context, opts supervise.StartOptions) error {
		opts.Names = only
		if _, err := c.Start(ctx, *p, opts); err != nil {
			return err
		}
		console.Done(os.Stderr, "ready at %s; Ctrl-C stops everything", entry(p))
		return nil
	})
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
