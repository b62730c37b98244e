package dashboard

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"muster/internal/logs/view"
)

const (
	// keptRequests is of how many requests the statistics are.
	keptRequests = 2000
	// shownRequests is how many a page that comes later begins with.
	shownRequests = 500
	// pastRequests is how much of the access log is read for the beginning, in bytes.
	pastRequests = 1 << 20
	// rowsEvery is how often new rows are sent, and mostRows how many at once.
	rowsEvery = 150 * time.Millisecond
	mostRows  = 200
	// liveWindow is of how many seconds the picture's counts are.
	liveWindow = 60
)

// traffic is what the access log tells.
type traffic struct {
	mu      sync.Mutex
	recent  []request // a ring
	next    int
	total   int
	rows    []request // not sent yet
	missed  int       // that are not sent
	servers map[string]*live
	dirty   bool
}

// live counts the requests of the last seconds.
type live struct {
	second [liveWindow]int64 // whose the counts are
	count  [liveWindow]int
	errors [liveWindow]int
}

func (l *live) add(r request) {
	s := r.Time.Unix()
	i := int(((s % liveWindow) + liveWindow) % liveWindow)
	if l.second[i] != s {
		if l.second[i] > s {
			return
		}
		l.second[i], l.count[i], l.errors[i] = s, 0, 0
	}
	l.count[i]++
	if r.Status >= 500 {
		l.errors[i]++
	}
}

// window is the counts of a server, oldest second first.
type window struct {
	Counts []int `json:"counts"`
	Errors []int `json:"errors"`
}

func (l *live) window(now time.Time) (w window, any bool) {
	for s := now.Unix() - liveWindow; s < now.Unix(); s++ {
		n, e := 0, 0
		if i := int(s % liveWindow); l.second[i] == s {
			n, e = l.count[i], l.errors[i]
		}
		w.Counts, w.Errors = append(w.Counts, n), append(w.Errors, e)
		any = any || n > 0
	}
	return w, any
}

func (t *traffic) add(r request, fresh bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dirty = true
	t.total++
	if len(t.recent) < keptRequests {
		t.recent = append(t.recent, r)
	} else {
		t.recent[t.next] = r
		t.next = (t.next + 1) % keptRequests
	}
	if l := t.servers[r.Server]; l != nil {
		l.add(r)
	} else if len(t.servers) < 100 {
		l := &live{}
		l.add(r)
		t.servers[r.Server] = l
	}
	switch {
	case !fresh:
	case len(t.rows) < mostRows:
		t.rows = append(t.rows, r)
	default:
		t.missed++
	}
}

// all returns the requests that are kept, oldest first. Its callers hold the lock.
func (t *traffic) all() []request {
	return append(append([]request{}, t.recent[t.next:]...), t.recent[:t.next]...) // never null in JSON
}

// sent returns the newest of them, without those that take is yet to return.
func (t *traffic) sent(n int) []request {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.all()
	all = all[:max(0, len(all)-len(t.rows)-t.missed)]
	return all[max(0, len(all)-n):]
}

// take returns those that came since the last time.
func (t *traffic) take() rows {
	t.mu.Lock()
	defer t.mu.Unlock()
	came := rows{t.rows, t.missed}
	t.rows, t.missed = nil, 0
	return came
}

// statistics are those of the requests that are kept.
type statistics struct {
	Of      int               `json:"of"`    // so many requests
	Total   int               `json:"total"` // that were seen
	Routes  []route           `json:"routes"`
	Slowest []request         `json:"slowest"`
	Servers map[string]window `json:"servers"`
	From    time.Time         `json:"from,omitzero"` // of the oldest of them
}

// route is all requests of a method and a kind of path.
type route struct {
	Method string  `json:"method"`
	Path   string  `json:"path"`
	Server string  `json:"server"`
	Count  int     `json:"count"`
	Errors int     `json:"errors"` // 5xx
	P50    float64 `json:"p50"`    // seconds
	P95    float64 `json:"p95"`
	Most   float64 `json:"most"`
}

const (
	mostRoutes  = 200
	mostSlowest = 20
)

func (t *traffic) statistics(now time.Time) statistics {
	t.mu.Lock()
	all := t.all()
	s := statistics{Of: len(all), Total: t.total, Routes: []route{}, Slowest: []request{}, Servers: map[string]window{}}
	for name, l := range t.servers {
		if w, any := l.window(now); any {
			s.Servers[name] = w
		}
	}
	t.mu.Unlock()
	if len(all) == 0 {
		return s
	}
	s.From = all[0].Time
	type key struct{ method, path string }
	times, routes := map[key][]float64{}, map[key]*route{}
	for _, r := range all {
		k := key{r.Method, template(r.Path)}
		if routes[k] == nil {
			if len(routes) == mostRoutes {
				k = key{"", "everything else"}
			}
			if routes[k] == nil {
				routes[k] = &route{Method: k.method, Path: k.path, Server: r.Server}
			}
		}
		routes[k].Count++
		if r.Status != http.StatusSwitchingProtocols { // a WebSocket lasts as long as somebody has it open
			times[k] = append(times[k], r.Seconds)
		}
		if r.Status >= 500 {
			routes[k].Errors++
		}
	}
	for k, r := range routes {
		if slices.Sort(times[k]); len(times[k]) == 0 {
			times[k] = []float64{0}
		}
		r.P50, r.P95, r.Most = quantile(times[k], 0.5), quantile(times[k], 0.95), times[k][len(times[k])-1]
		s.Routes = append(s.Routes, *r)
	}
	slices.SortFunc(s.Routes, func(a, b route) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	all = slices.DeleteFunc(all, func(r request) bool { return r.Status == http.StatusSwitchingProtocols })
	slices.SortStableFunc(all, func(a, b request) int { return cmp.Compare(b.Seconds, a.Seconds) })
	s.Slowest = all[:min(len(all), mostSlowest)]
	return s
}

// quantile is the least of the sorted values that so large a part of them does not
// exceed.
func quantile(sorted []float64, q float64) float64 {
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// requests follows the access log.
func (g *gathering) requests(ctx context.Context) {
	t := &traffic{servers: map[string]*live{}}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { g.sendRows(ctx, t) })
	g.atJoin("requests", func() any { return t.sent(shownRequests) })
	for ctx.Err() == nil {
		g.followRequests(ctx, t)
		select { // the log's folder comes with the first start
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

func (g *gathering) followRequests(ctx context.Context, t *traffic) {
	r, _, err := view.NewReader(g.s.client.Local.Log("nginx-access"), view.Cursor{})
	if err != nil {
		return
	}
	defer r.Close()
	if r.Skip(pastRequests) != nil {
		return
	}
	read := func(fresh bool) func([]byte, view.Cursor) error {
		return func(line []byte, _ view.Cursor) error {
			if r, ok := parseRequest(line); ok {
				t.add(r, fresh)
			}
			return ctx.Err()
		}
	}
	if r.Past(ctx, read(false)) != nil {
		return
	}
	g.extend("requests", func() any { return t.sent(shownRequests) })
	r.Follow(ctx, read(true))
}

// rows are requests that came.
type rows struct {
	Rows   []request `json:"rows"`
	Missed int       `json:"missed,omitempty"` // that came too fast to be looked at
}

func (g *gathering) sendRows(ctx context.Context, t *traffic) {
	tick := time.NewTicker(rowsEvery)
	defer tick.Stop()
	var counted time.Time
	quiet := liveWindow + 1
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		g.extend("rows", func() any {
			if came := t.take(); len(came.Rows) > 0 {
				return came
			}
			return nil
		})
		t.mu.Lock()
		dirty := t.dirty
		t.mu.Unlock()
		if dirty {
			quiet = 0
		}
		// The window moves on for as long as it shows anything.
		if now := time.Now(); now.Sub(counted) >= time.Second && quiet <= liveWindow {
			quiet++
			counted = now
			t.mu.Lock()
			t.dirty = false
			t.mu.Unlock()
			g.publish("traffic", t.statistics(now), true)
		}
	}
}
