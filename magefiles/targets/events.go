package targets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"muster/internal/console"
	"muster/internal/events"
	"muster/internal/logs/view"
	"muster/internal/supervise"
)

// Events prints what happened, an object a line, and goes on with what happens: changes
// of states, restarts, reloads, tasks, changes of the API and of the clients.
//
// -lines=N shows the last N (50) first, -after=CURSOR all behind an event's cursor,
// -since=10m what is not older; -only=broker,nginx restricts it to processes or servers,
// -kind=state,api to kinds of events; -follow=false ends after what there is.
func (Backend) Events(ctx context.Context, config, after, only, kind *string, since *time.Duration, lines *int, follow *bool) error {
	return withClient(config, func(c *supervise.Client) error {
		q := events.Query{Only: names(only), Follow: console.Or(follow, true), Last: console.Or(lines, defaultTailLines)}
		for _, k := range names(kind) {
			if !slices.Contains(events.Kinds(), events.Kind(k)) {
				return usageError(fmt.Sprintf("-kind=%s: it is one of %s", k, events.Kinds()))
			}
			q.Kinds = append(q.Kinds, events.Kind(k))
		}
		if since != nil {
			q.Since = time.Now().Add(-*since)
		}
		if after != nil {
			cursor, err := view.ParseCursor(*after)
			if err != nil {
				return usageError("-after: " + err.Error())
			}
			q.After = cursor
		}
		if (since != nil || after != nil) && lines == nil {
			q.Last = -1
		}
		ctx, stop := untilInterrupted(ctx)
		defer stop()
		if q.Follow { // there may be no journal yet, nor its folder
			if err := c.Local.Make(); err != nil {
				return err
			}
		}
		err := events.Read(ctx, c.Local, q, func(e events.Record) error {
			return objectLine(e)
		})
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	})
}
