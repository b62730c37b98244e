package dashboard

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"muster/internal/apidoc"
	"muster/internal/clients"
	"muster/internal/config"
	"muster/internal/events"
	"muster/internal/gateway"
	"muster/internal/logs/view"
	"muster/internal/proc"
	"muster/internal/supervise"
	"muster/internal/version"
)

const (
	// unheard is how often the supervisor is asked where nothing tells of a change, and
	// unsettled how often while a process is between two states, or not well.
	unheard   = time.Minute
	unsettled = 2 * time.Second
	// burst is how long events that come together are waited for.
	burst = 30 * time.Millisecond
	// usageEvery is how fine the curves are.
	usageEvery = 2 * time.Second
	// usageKept is how many points they have: five minutes.
	usageKept = 150
	// pastEvents is how many events of before are shown.
	pastEvents = 80
)

// gather publishes what happens until ctx ends.
func (h *hub) gather(ctx context.Context) {
	g := &gathering{hub: h, wake: make(chan struct{}, 1), reread: make(chan struct{}, 1)}
	var wg sync.WaitGroup
	defer wg.Wait()
	g.project(ctx)
	wg.Go(func() { g.statuses(ctx) })
	wg.Go(func() { g.events(ctx) })
	wg.Go(func() { g.usage(ctx) })
	wg.Go(func() { g.projects(ctx) })
	wg.Go(func() { g.requests(ctx) })
}

type gathering struct {
	*hub
	wake   chan struct{} // the status may be another
	reread chan struct{} // the configuration, a document or a client may be

	mu         sync.Mutex
	pids       map[string]int
	supervisor int               // its pid; 0: it does not live
	changed    []changedDocument // newest first
}

func signalTo(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// statuses publishes how all is, whenever something happens.
func (g *gathering) statuses(ctx context.Context) {
	look := time.NewTimer(unheard)
	defer look.Stop()
	for ctx.Err() == nil {
		look.Reset(unsettled)
		st, err := g.s.client.Status(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			g.publish("trouble", troubleOf(err), false)
		default:
			g.publish("status", publicStatus(st), true)
			pids := map[string]int{}
			for _, p := range st.Processes {
				pids[p.Name] = p.PID
			}
			g.mu.Lock()
			g.pids, g.supervisor = pids, 0
			if st.Supervisor.Alive {
				g.supervisor = st.Supervisor.PID
			}
			g.mu.Unlock()
			if st.Healthy() && st.Supervisor.Alive && !slices.ContainsFunc(st.Processes, between) {
				look.Reset(unheard)
			}
		}
		select {
		case <-g.wake:
			select {
			case <-time.After(burst):
			case <-ctx.Done():
			}
		case <-look.C:
		case <-ctx.Done():
		}
	}
}

// between tells of a process that is about to reach another state.
func between(p supervise.ProcessStatus) bool {
	return p.State == supervise.Starting || p.State == supervise.Stopping
}

// publicStatus leaves out what the page shows by itself, and finer.
func publicStatus(st supervise.Status) supervise.Status {
	for i := range st.Processes {
		st.Processes[i].CPUPercent, st.Processes[i].RSSBytes = 0, 0
	}
	return st
}

// events publishes what happened lately, in one piece, and then what happens.
func (g *gathering) events(ctx context.Context) {
	past := []events.Event{} // oldest first
	g.atJoin("events", func() any { return past })
	for ctx.Err() == nil {
		q := events.Query{Last: pastEvents, Kinds: []events.Kind{events.Supervisor, events.Begin, events.End, events.State, events.Reload, events.API, events.Clients}}
		lately := []events.Event{}
		if events.Read(ctx, g.s.client.Local, q, func(r events.Record) (err error) {
			lately = append(lately, r.Event)
			q.After, err = view.ParseCursor(r.Cursor)
			return err
		}) == nil {
			g.extend("events", func() any {
				past = lately
				return past
			})
			g.mu.Lock()
			g.changed = nil
			g.mu.Unlock()
			g.remember(lately...)
			q.Last, q.Follow = -1, true
			events.Read(ctx, g.s.client.Local, q, func(r events.Record) error {
				g.extend("event", func() any {
					if past = append(past, r.Event); len(past) > 2*pastEvents {
						past = slices.Delete(past, 0, pastEvents)
					}
					return r.Event
				})
				g.remember(r.Event)
				return nil
			})
		}
		select { // there is no journal before the first start
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// remember takes up what events mean for the other tables.
func (g *gathering) remember(happened ...events.Event) {
	signalTo(g.wake)
	for _, e := range happened {
		switch e.Kind {
		case events.API:
			g.mu.Lock()
			g.changed = append([]changedDocument{{e.Time, e.Module, e.Document, e.Change, e.Breaking}}, g.changed...)
			g.changed = g.changed[:min(len(g.changed), pastEvents)]
			g.mu.Unlock()
			signalTo(g.reread)
		case events.Clients, events.End, events.Reload:
			signalTo(g.reread)
		}
	}
}

// point is how much a process took at a moment, with all that it started.
type point struct {
	CPU float64 `json:"cpu"` // per cent of one processor
	RSS int64   `json:"rss"` // bytes
}

// usage publishes curves. It looks itself: the supervisor is asked for nothing.
func (g *gathering) usage(ctx context.Context) {
	type seen struct {
		pid int
		cpu time.Duration
	}
	before, at := map[string]seen{}, time.Now()
	curves := map[string][]point{}
	g.atJoin("curves", func() any { return curves })
	tick := time.NewTicker(usageEvery)
	defer tick.Stop()
	for {
		g.mu.Lock()
		pids := g.pids
		if g.supervisor != 0 && !proc.Exists(g.supervisor) { // nothing tells of its end
			g.supervisor = 0
			signalTo(g.wake)
		}
		g.mu.Unlock()
		now := time.Now()
		took := now.Sub(at).Seconds()
		points := map[string]point{}
		for name, pid := range pids {
			if pid == 0 {
				continue
			}
			cpu, rss := proc.Usage(pid)
			p := point{RSS: rss}
			if old, ok := before[name]; ok && old.pid == pid && cpu >= old.cpu && took > 0 {
				p.CPU = 100 * (cpu - old.cpu).Seconds() / took
			}
			before[name], points[name] = seen{pid, cpu}, p
		}
		at = now
		g.extend("usage", func() any {
			maps.DeleteFunc(curves, func(name string, _ []point) bool { return pids[name] == 0 })
			for name, p := range points {
				curves[name] = append(curves[name], p)
				curves[name] = slices.Delete(curves[name], 0, max(0, len(curves[name])-usageKept))
			}
			if len(points) == 0 {
				return nil
			}
			return points
		})
		wait := tick.C
		if pids == nil { // the first status is on its way
			first := time.NewTimer(50 * time.Millisecond)
			wait = first.C
			defer first.Stop()
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return
		}
	}
}

// project is what the page has to know of the project as a whole.
type project struct {
	Name    string          `json:"name"`
	Dir     string          `json:"dir"`
	URL     string          `json:"url,omitempty"`
	Build   string          `json:"build"`
	Gateway bool            `json:"gateway"`
	Tasks   []string        `json:"tasks"`
	Routes  []gateway.Route `json:"routes"`
	Trouble *trouble        `json:"trouble,omitempty"` // with the configuration
}

func (g *gathering) projects(ctx context.Context) {
	for {
		select {
		case <-g.reread:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(10 * burst):
		case <-ctx.Done():
			return
		}
		g.project(ctx)
	}
}

func (g *gathering) project(ctx context.Context) {
	dir := g.s.client.Local.Project()
	p := project{Name: filepath.Base(dir), Dir: dir, Build: version.This().Commit, Tasks: []string{}, Routes: []gateway.Route{}}
	cfg, err := g.s.load()
	if err != nil {
		t := troubleOf(err)
		p.Trouble = &t
		g.publish("project", p, true)
		return
	}
	p.URL, p.Gateway, p.Tasks = cfg.URL(), cfg.Nginx != nil, append(p.Tasks, cfg.TaskNames()...)
	if cfg.Nginx != nil {
		if routes, err := gateway.Routes(cfg); err == nil {
			p.Routes = routes
		}
	}
	g.publish("project", p, true)
	if cfg.Specs.Asked {
		g.publish("documents", g.documents(ctx, cfg), true)
	}
}

// documents are those of the API, and the clients that are made from them.
type documents struct {
	Modules []module          `json:"modules"`
	Clients []client          `json:"clients"`
	Changed []changedDocument `json:"changed"`
	Trouble string            `json:"trouble,omitempty"`
}

type module struct {
	Name     string    `json:"name"`
	Paths    int       `json:"paths"`    // of its OpenAPI document
	Channels int       `json:"channels"` // of its AsyncAPI document
	Written  time.Time `json:"written"`
}

type client struct {
	Place string `json:"place"` // below the project's folder
	Fresh bool   `json:"fresh"`
	Why   string `json:"why,omitempty"`
}

type changedDocument struct {
	Time     time.Time `json:"time"`
	Module   string    `json:"module"`
	Document string    `json:"document"`
	Change   string    `json:"change"`
	Breaking bool      `json:"breaking"`
}

func (g *gathering) documents(ctx context.Context, cfg *config.Config) documents {
	d := documents{Modules: []module{}, Clients: []client{}}
	for _, m := range apidoc.Outlines(cfg.Specs.Dir) {
		row := module{Name: m.Name, Paths: len(apidoc.Object(m.REST.Root["paths"])), Channels: len(apidoc.Object(m.WS.Root["channels"]))}
		for _, file := range []string{m.REST.File, m.WS.File} {
			if info, err := os.Stat(cmp.Or(file, cfg.Specs.Dir)); err == nil && file != "" && info.ModTime().After(row.Written) {
				row.Written = info.ModTime()
			}
		}
		if row.Written.IsZero() {
			if info, err := os.Stat(filepath.Join(cfg.Specs.Dir, m.Name)); err == nil {
				row.Written = info.ModTime()
			}
		}
		d.Modules = append(d.Modules, row)
	}
	made, err := clients.State(ctx, cfg)
	if err != nil {
		d.Trouble = err.Error()
	}
	for _, c := range made {
		place := c.Place
		if rel, err := filepath.Rel(cfg.Dir, place); err == nil && filepath.IsLocal(rel) {
			place = filepath.ToSlash(rel)
		}
		d.Clients = append(d.Clients, client{place, c.Fresh, c.Why})
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	d.Changed = append([]changedDocument{}, g.changed...)
	return d
}
