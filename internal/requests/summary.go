package requests

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
)

// Summary counts requests by route. The zero one is ready.
type Summary struct {
	routes map[string]*count
}

// Route is what was asked of one route.
type Route struct {
	Route    string  `json:"route"` // pattern; "": no server has the path
	Server   string  `json:"server,omitempty"`
	Requests int     `json:"requests"`
	Errors   int     `json:"errors"` // of the status 5xx
	P50      float64 `json:"p50"`    // seconds in the gateway; WebSockets, which last, are left out
	P95      float64 `json:"p95"`
	Slowest  Request `json:"slowest"`
}

type count struct {
	Route
	times map[int]int // how many took so many milliseconds
}

// Add counts a request.
func (s *Summary) Add(r Request) {
	if s.routes == nil {
		s.routes = map[string]*count{}
	}
	c := s.routes[r.Route]
	if c == nil {
		c = &count{Route: Route{Route: r.Route, Server: r.Server}, times: map[int]int{}}
		s.routes[r.Route] = c
	}
	c.Requests++
	if r.Status >= http.StatusInternalServerError {
		c.Errors++
	}
	if r.Status == http.StatusSwitchingProtocols {
		return
	}
	c.times[rounded(r.Seconds)]++
	if len(c.Slowest.Method) == 0 || r.Seconds > c.Slowest.Seconds {
		c.Slowest = r
	}
}

// rounded is in milliseconds, of three digits at least, so that there are not too many of
// them.
func rounded(seconds float64) int {
	ms, unit := int(min(seconds, 1e9)*1000+0.5), 1
	for ms/unit >= 10_000 {
		unit *= 10
	}
	return ms / unit * unit
}

// Routes are those that were asked for, the slowest first by their 95th percentile.
func (s *Summary) Routes() []Route {
	all := []Route{}
	for _, c := range s.routes {
		c.P50, c.P95 = quantile(c.times, 0.5), quantile(c.times, 0.95)
		all = append(all, c.Route)
	}
	slices.SortFunc(all, func(a, b Route) int { return cmp.Or(cmp.Compare(b.P95, a.P95), cmp.Compare(a.Route, b.Route)) })
	return all
}

// Total is of all routes together.
func (s *Summary) Total() Route {
	total := count{times: map[int]int{}}
	for _, c := range s.routes {
		total.Requests += c.Requests
		total.Errors += c.Errors
		for ms, n := range c.times {
			total.times[ms] += n
		}
		if c.Slowest.Seconds >= total.Slowest.Seconds && c.Slowest.Method != "" {
			total.Slowest = c.Slowest
		}
	}
	total.P50, total.P95 = quantile(total.times, 0.5), quantile(total.times, 0.95)
	return total.Route
}

// quantile is in seconds: so much of all took no longer.
func quantile(times map[int]int, share float64) float64 {
	all := 0
	for _, n := range times {
		all += n
	}
	left := share * float64(all)
	for _, ms := range slices.Sorted(maps.Keys(times)) {
		if left -= float64(times[ms]); left <= 0 {
			return float64(ms) / 1000
		}
	}
	return 0
}
