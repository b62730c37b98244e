package events

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"muster/internal/local"
	"muster/internal/logs/view"
)

// Record is an event and the place behind it, as `backend:events` prints it.
type Record struct {
	Cursor string `json:"cursor"` // to go on from
	Event
}

// Query says which events are read.
type Query struct {
	After  view.Cursor // those behind it; the zero cursor: all that are kept
	Last   int         // of those that there are, the last so many; negative: all
	Since  time.Time   // not older; the zero time: of any age
	Only   []string    // names of processes or servers; none: all
	Kinds  []Kind      // none: all
	Follow bool        // go on with those that come, until the context ends
}

// Read calls fn for each event that the query asks for. If what lies behind the cursor
// is no longer kept, the first one says so, and the others are all that are.
func Read(ctx context.Context, dir local.Dir, q Query, fn func(Record) error) error {
	r, lost, err := view.NewReader(dir.Events(), q.After)
	if err != nil {
		return err
	}
	defer r.Close()
	if lost {
		if err := fn(Record{Event: Event{Time: time.Now(), Kind: Lost}}); err != nil {
			return err
		}
	}
	give := func(line []byte, behind view.Cursor) error {
		if e, ok := q.read(line); ok {
			return fn(Record{behind.String(), e})
		}
		return nil
	}
	err = r.Last(ctx, q.Last, func(line []byte) (ok, tooOld bool) {
		e, ok := q.read(line)
		return ok, e.Kind != "" && e.Time.Before(q.Since)
	})
	if err == nil {
		err = r.Past(ctx, give)
	}
	if err != nil || !q.Follow {
		return err
	}
	return r.Follow(ctx, give)
}

// read takes a line, unless it is not asked for, or half of one, whose writer was
// killed.
func (q Query) read(line []byte) (e Event, ok bool) {
	if json.Unmarshal(line, &e) != nil || e.Kind == "" || e.Time.Before(q.Since) {
		return e, false
	}
	if len(q.Kinds) > 0 && !slices.Contains(q.Kinds, e.Kind) {
		return e, false
	}
	return e, len(q.Only) == 0 || e.Process != "" && slices.ContainsFunc(q.Only, func(name string) bool { return view.Stands(name, e.Process) })
}
