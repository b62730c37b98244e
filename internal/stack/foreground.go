package stack

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"muster/internal/local"
	"muster/internal/supervise"
)

// ShowLog shows the log of what runs until ctx ends.
type ShowLog func(ctx context.Context, dir local.Dir)

// endings are the signals that end what runs in the foreground, but for those
// that were ignored when this program was started: under nohup SIGHUP, in a
// script's background the keyboard's. Mage asks for some before its targets run,
// and Go forgets then.
var endings = slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}, signal.Ignored)

// Foreground calls start, shows the log and stops everything at the first
// Ctrl-C, also while start is under way. The second one kills.
func Foreground(ctx context.Context, c *supervise.Client, report Report, show ShowLog, start func(context.Context, supervise.StartOptions) error) error {
	// Mage ends the program at the second Ctrl-C; here it has a meaning. Reset
	// takes the signal from Mage, which has long asked for it by now.
	signal.Reset(os.Interrupt)
	interrupts := make(chan os.Signal, 4)
	if len(endings) > 0 { // none would be all that there are
		signal.Notify(interrupts, endings...)
	}

	starting, giveUp := context.WithCancel(ctx)
	defer giveUp()
	stopped := make(chan error, 1)
	go func() {
		<-interrupts
		report.Step("stopping; once more to kill")
		go func() {
			<-interrupts
			c.Stop(context.Background(), nil, 0)
		}()
		giveUp()
		stopped <- Stop(context.Background(), c)
	}()

	follow, endLog := context.WithCancel(context.Background())
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		show(follow, c.Local)
	}()
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
	report.Done("stopped from elsewhere")
	return nil
}
