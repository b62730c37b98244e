package stack

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"

	"muster/internal/gateway"
	"muster/internal/watch"
)

// followRoutes has the gateway follow the routes that the exported documents add,
// until the returned function is called. before are the routes as they were before
// the gateway was given them: documents that have come since are new to it.
func followRoutes(ctx context.Context, st *Stack, before []gateway.Route) (leave func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := st.followRoutes(ctx, before); err != nil && ctx.Err() == nil {
			st.report.Error(err)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

func (st *Stack) followRoutes(ctx context.Context, known []gateway.Route) error {
	if st.cfg.Nginx == nil {
		return nil
	}
	if !st.cfg.Specs.Asked { // documents of somebody's own may be there
		if _, err := os.Stat(st.cfg.Specs.Dir); errors.Is(err, os.ErrNotExist) {
			return nil
		}
	}
	if err := os.MkdirAll(st.cfg.Specs.Dir, 0o755); err != nil {
		return err
	}
	changed := func(ctx context.Context, _ []string) {
		routes := st.routes()
		if routes == nil || reflect.DeepEqual(routes, known) {
			return
		}
		known = routes
		if err := st.reload(ctx); err != nil && ctx.Err() == nil {
			st.report.Error(err)
		}
	}
	return watch.Watch(ctx, watch.Options{Roots: []string{st.cfg.Specs.Dir}, Run: changed, Report: st.report.Step, First: true,
		Ignore: func(path string) bool {
			ext := filepath.Ext(path)
			return ext != "" && ext != ".json"
		}})
}

// routes are those of the gateway today; nil: there are none.
func (st *Stack) routes() []gateway.Route {
	if st.cfg.Nginx == nil {
		return nil
	}
	routes, err := gateway.Routes(st.cfg)
	if err != nil {
		return nil
	}
	return routes
}
