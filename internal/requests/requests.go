// Package requests reads what the gateway has answered: request by request, page by
// page, by route, and as they come. It reads the access log alone, whoever runs.
package requests

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/hint"
	"muster/internal/logs/view"
	"muster/internal/plan"
)

// Request is one that the gateway has answered.
type Request struct {
	view.Request
	Process string `json:"process,omitempty" jsonschema:"that answered, or was tried last"`
	Route   string `json:"route,omitempty" jsonschema:"pattern of its route, as nginx:routes has it"`
}

// Table tells whose a request was.
type Table struct {
	routes  *gateway.Finder
	process map[string]string // by HOST:PORT
}

// NewTable makes one of a configuration and of what runs. With neither a request is only
// known by what its line says.
func NewTable(c *config.Config, running []plan.Process) *Table {
	t := &Table{process: map[string]string{}}
	var routes []gateway.Route
	if c != nil {
		routes, _ = gateway.Table(c)
		spares := c.SparePorts()
		for _, m := range c.Processes() {
			for i, name := range m.InstanceNames() {
				if m.Port != 0 {
					t.listens(m.Port+i, name)
				}
				if spare := spares[m.Port+i]; spare != 0 {
					t.listens(spare, name+plan.Spare)
				}
			}
		}
	}
	for _, p := range running {
		if p.Port != 0 {
			t.listens(p.Port, p.Name)
		}
	}
	t.routes = gateway.NewFinder(routes)
	return t
}

func (t *Table) listens(port int, process string) {
	for _, host := range []string{"127.0.0.1:", "[::1]:"} {
		t.process[host+strconv.Itoa(port)] = process
	}
}

// Parse reads a line of the access log, and tells whether it is one.
func (t *Table) Parse(line []byte) (Request, bool) {
	parsed, ok := view.ParseRequest(line)
	r := Request{Request: parsed}
	r.Process = t.process[r.Upstream[strings.LastIndexByte(r.Upstream, ' ')+1:]]
	if u, err := url.ParseRequestURI(r.Path); err == nil {
		route, _ := t.routes.Find(u)
		if r.Route = route.Pattern(); r.Server == "" {
			r.Server = route.Server
		}
	}
	return r, ok
}

// Filter says which requests are asked for. The zero one asks for all.
type Filter struct {
	Only   []string      // names of servers or processes; none: all
	Status string        // such as 404, or 5xx
	Slower time.Duration // that took at least so long
	Since  time.Time     // that ended no earlier; those that do not say when are left out then
	ID     string
	Path   *regexp.Regexp // that the path with its query matches; nil: any
}

// Check tells what is wrong with a filter.
func (f Filter) Check() error {
	if ok, _ := regexp.MatchString(`^([1-5]([0-9][0-9]|xx))?$`, f.Status); !ok {
		return fmt.Errorf("status %q: it is such as 404, or 5xx", f.Status)
	}
	return nil
}

// Matches tells whether a request is asked for.
func (f Filter) Matches(r Request) bool {
	if class, ok := strings.CutSuffix(f.Status, "xx"); ok {
		if strconv.Itoa(r.Status/100) != class {
			return false
		}
	} else if f.Status != "" && strconv.Itoa(r.Status) != f.Status {
		return false
	}
	return r.Seconds >= f.Slower.Seconds() && !r.Time.Before(f.Since) && (f.ID == "" || f.ID == r.ID) &&
		(f.Path == nil || f.Path.MatchString(r.Path)) &&
		(len(f.Only) == 0 || slices.ContainsFunc(f.Only, func(name string) bool { return name == r.Server || view.Stands(name, r.Process) }))
}

// Log is an access log.
type Log struct {
	Path  string
	Table *Table
}

// last is a reader of the last n requests that are asked for.
func (l Log) last(ctx context.Context, f Filter, n int) (*view.Reader, error) {
	if _, err := os.Stat(l.Path); errors.Is(err, os.ErrNotExist) {
		return nil, hint.With(errors.New("the gateway has answered nothing yet: there is no "+l.Path), "start it first: backend:start")
	}
	reader, _, err := view.NewReader(l.Path, view.Cursor{})
	if err != nil {
		return nil, err
	}
	err = reader.Last(ctx, n, func(line []byte) (ok, tooOld bool) {
		r, ok := l.Table.Parse(line)
		return ok && f.Matches(r), ok && !r.Time.IsZero() && r.Time.Before(f.Since)
	})
	if err != nil {
		reader.Close()
		return nil, err
	}
	return reader, nil
}

// Watch calls fn for the last n requests that are asked for, all of them where n is
// negative, and with follow for those that come, until ctx ends, which is no error.
func (l Log) Watch(ctx context.Context, f Filter, n int, follow bool, fn func(Request) error) error {
	reader, err := l.last(ctx, f, n)
	if err != nil {
		return err
	}
	defer reader.Close()
	each := func(line []byte, _ view.Cursor) error {
		if r, ok := l.Table.Parse(line); ok && f.Matches(r) {
			return fn(r)
		}
		return nil
	}
	if err = reader.Past(ctx, each); err == nil && follow {
		err = reader.Follow(ctx, each)
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Page is as many requests as its reader can hold, the oldest first.
type Page struct {
	Requests []Request
	Next     view.Cursor // behind the last line that was looked at
	More     bool        // there are requests behind it
	Lost     bool        // what lies behind the cursor given is no longer kept: it begins with the oldest that is
}

var errFull = errors.New("the page is full")

// Read reads the first n requests behind a cursor that are asked for, or the last n with
// the zero cursor.
func (l Log) Read(ctx context.Context, f Filter, after view.Cursor, n int) (p Page, err error) {
	var reader *view.Reader
	if after == (view.Cursor{}) {
		reader, err = l.last(ctx, f, n)
	} else {
		reader, p.Lost, err = view.NewReader(l.Path, after)
	}
	if err != nil {
		return p, err
	}
	defer reader.Close()
	p.Next = after
	err = reader.Past(ctx, func(line []byte, behind view.Cursor) error {
		if r, ok := l.Table.Parse(line); ok && f.Matches(r) {
			if len(p.Requests) == n {
				p.More = true
				return errFull
			}
			p.Requests = append(p.Requests, r)
		}
		p.Next = behind
		return nil
	})
	if errors.Is(err, errFull) {
		err = nil
	}
	return p, err
}
