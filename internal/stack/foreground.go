package stack

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"muster/internal/config"
	"muster/internal/plan"
	"muster/internal/supervise"
)

// ShowLog shows the log of what runs until ctx ends.
type ShowLog func(ctx context.Context, r Running)

// Running is what runs in the foreground.
type Running struct {
	Client   *supervise.Client
	Quit     func()          // stops everything; called once more it kills
	Stopping <-chan struct{} // closed once that has begun

	cfg *config.Config
}

// Page is the URL that a person begins at: the page's, or else the API's.
func (r Running) Page(all []supervise.ProcessStatus) (url string) {
	best := 0
	for _, p := range all {
		rank := 1
		switch {
		case p.URL == "" || p.Name == DashboardName:
			rank = 0
		case p.Kind == plan.Gateway && r.cfg.Page() != nil:
			rank = 4
		case p.Kind == plan.Frontend:
			rank = 3
		case p.Kind == plan.Gateway:
			rank = 2
		}
		if rank > best {
			best, url = rank, p.URL
		}
	}
	return url
}

// Dashboard is the link of the dashboard; "" if none runs.
func (r Running) Dashboard(all []supervise.ProcessStatus) string {
	for _, p := range all {
		if p.Name == DashboardName && !p.Ended() {
			return DashboardLink(r.Client.Local, p.URL)
		}
	}
	return ""
}

// endings are the signals that end what runs in the foreground, but for those
// that were ignored when this program was started: under nohup SIGHUP, in a
// script's background the keyboard's. Mage asks for some before its targets run,
// and Go forgets then.
var endings = slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}, signal.Ignored)

// Foreground calls start, shows the log and stops everything at the first
// Ctrl-C, also while start is under way. The second one kills.
func Foreground(ctx context.Context, c *supervise.Client, cfg *config.Config, report Report, show ShowLog, start func(context.Context, supervise.StartOptions) error) error {
	// Mage ends the program at the second Ctrl-C; here it has a meaning. Reset
	// takes the signal from Mage, which has long asked for it by now.
	signal.Reset(os.Interrupt)
	interrupts := make(chan os.Signal, 4)
	if len(endings) > 0 { // none would be all that there are
		signal.Notify(interrupts, endings...)
	}

	quit := func() {
		select {
		case interrupts <- os.Interrupt:
		default: // as it is stopped already
		}
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
		show(follow, Running{Client: c, Quit: quit, Stopping: starting.Done(), cfg: cfg})
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
