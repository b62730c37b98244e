package stack

import (
	"context"

	"muster/internal/clients"
	"muster/internal/plan"
	"muster/internal/specs"
	"muster/internal/supervise"
)

// Up brings everything up, step by step, and returns the plan of what runs then.
func (st *Stack) Up(ctx context.Context) (*plan.Plan, error) {
	p, err := st.prepareStart(ctx)
	if err != nil {
		return nil, err
	}
	return p.Plan, st.start(ctx, p, supervise.StartOptions{})
}

// UpForeground is Up, calls ready once everything is up, and stays until Ctrl-C,
// which stops everything.
func (st *Stack) UpForeground(ctx context.Context, show ShowLog, ready func(*plan.Plan)) error {
	p, err := st.prepareStart(ctx)
	if err != nil {
		return err
	}
	return Foreground(ctx, st.client, st.cfg, st.report, show, func(ctx context.Context, opts supervise.StartOptions) error {
		err := st.start(ctx, p, opts)
		if err == nil {
			ready(p.Plan)
		}
		return err
	})
}

// prepareStart gets everything that a start needs, once the ports are known to be
// free.
func (st *Stack) prepareStart(ctx context.Context) (p Prepared, err error) {
	for _, c := range st.conflicts {
		st.report.Warn("one process stands for all servers: %s", c)
	}
	if len(st.client.Plan().Processes) == 0 && st.watch && !st.cfg.Dashboard.Off { // links of earlier runs lead nowhere
		if _, err := newDashboardToken(st.client.Local); err != nil {
			return p, err
		}
	}
	draft, err := plan.Build(st.cfg, plan.Tools{Draft: true})
	if err != nil {
		return p, err
	}
	err = stepped(st.report, "ports are free", func() error { return st.client.CheckPorts(*draft) })
	if err != nil {
		return p, err
	}
	err = stepped(st.report, "tools and dependencies", func() error { return GetTools(ctx, st.cfg, st.report) })
	if err != nil {
		return p, err
	}
	return st.prepare(ctx)
}

// start starts servers and frontend and meanwhile generates the clients. The
// page needs them only when it is opened, and the watchers once they are made.
func (st *Stack) start(ctx context.Context, p Prepared, opts supervise.StartOptions) error {
	var first, second []string
	for _, proc := range p.Plan.Processes {
		if proc.Kind == plan.Watcher {
			second = append(second, proc.Name)
		} else {
			first = append(first, proc.Name)
		}
	}
	clients := make(chan error, 1)
	go func() {
		if !st.generates() || specs.NeedsServers(st.cfg) {
			clients <- nil
			return
		}
		clients <- stepped(st.report, "specs and clients", func() error { return st.generate(ctx, p.Tools.Python) })
	}()
	what := "servers and gateway healthy"
	if len(st.cfg.Frontends) > 0 {
		what = "servers, gateway and frontend serve"
	}
	err := timed(st.report, what, func() error {
		opts.Names = first
		_, err := st.client.Start(ctx, *p.Plan, opts)
		return err
	})
	if e := <-clients; err == nil {
		err = e
	}
	if err == nil && st.generates() && specs.NeedsServers(st.cfg) {
		err = stepped(st.report, "specs and clients", func() error { return st.generate(ctx, p.Tools.Python) })
	}
	if err != nil || len(second) == 0 {
		return err
	}
	p.letPort()
	return timed(st.report, "watchers are on", func() error {
		opts.Names, opts.Lease = second, nil
		_, err := st.client.Start(ctx, *p.Plan, opts)
		return err
	})
}

// generates tells whether clients are asked for, and of what.
func (st *Stack) generates() bool { return st.watch && st.cfg.Specs.Asked && specs.Possible(st.cfg) }

func (st *Stack) generate(ctx context.Context, python string) error {
	if _, err := (specs.Exporter{Config: st.cfg, Python: python}).Export(ctx, func(string) {}); err != nil {
		return err
	}
	_, err := clients.Generate(ctx, st.cfg, clients.Options{})
	return err
}
