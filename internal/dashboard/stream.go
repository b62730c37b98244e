package dashboard

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"muster/internal/logs/view"
)

// alive is how often a stream says that it lives, so that the page sees when this
// process does not.
const alive = 10 * time.Second

// stream sends the page what happens, an object a line, for as long as it is open. With
// log=1 the lines of the log behind the cursor `after` are among that.
func (s *server) stream(w http.ResponseWriter, r *http.Request) {
	ctx, gone := context.WithCancel(r.Context())
	defer gone()
	q := r.URL.Query()
	o, after, err := s.logQuery(q, "after")
	if err != nil {
		refuse(w, err)
		return
	}
	p := &page{frames: make(chan []byte, backlog), gone: gone}
	s.hub.join(p)
	defer s.hub.leave(p)
	if q.Get("log") != "" {
		go func() {
			o.Bytes = 1 << 20
			err := view.FollowSpan(ctx, s.client.Local.Unified(), o, after, func(lines []view.SpanLine, missed bool) error {
				return p.send(ctx, frame("lines", map[string]any{"lines": lines, "missed": missed}))
			})
			if err != nil && ctx.Err() == nil {
				p.send(ctx, frame("nolog", troubleOf(err)))
			}
		}()
	}
	w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
	out := http.NewResponseController(w)
	beat := time.NewTicker(alive)
	defer beat.Stop()
	w.Write([]byte("{}\n"))
	for {
		if len(p.frames) == 0 && out.Flush() != nil {
			return
		}
		var f []byte
		select {
		case f = <-p.frames:
		case <-beat.C:
			f = []byte("{}\n")
		case <-ctx.Done():
			return
		}
		out.SetWriteDeadline(time.Now().Add(alive))
		if _, err := w.Write(f); err != nil {
			return
		}
	}
}

// send waits until the page has taken what was sent before.
func (p *page) send(ctx context.Context, f []byte) error {
	select {
	case p.frames <- f:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Of the log, a page asks for so much at once.
const (
	mostLines   = 1000
	mostText    = 2 << 10  // bytes of a line among others
	wholeText   = 1 << 20  // of one that is looked at
	mostScanned = 48 << 20 // bytes that are looked at for rare lines, before the page hears how far
)

// lines answers with some lines of the log, at a place.
func (s *server) lines(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	o, at, err := s.logQuery(q, "at")
	place := view.Place{Cursor: at}
	switch fraction := q.Get("fraction"); {
	case err != nil:
	case q.Get("time") != "":
		place.Time, err = time.Parse(time.RFC3339Nano, q.Get("time"))
	case fraction != "":
		place.Fraction, err = strconv.ParseFloat(fraction, 64)
		if !(place.Fraction >= 0 && place.Fraction <= 1) {
			err = errors.New("fraction: it is from 0 to 1")
		}
	case q.Get("end") != "":
		place.End = true
	}
	if err != nil {
		refuse(w, err)
		return
	}
	span, err := view.ReadSpan(r.Context(), s.client.Local.Unified(), o, place)
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, span)
}

// logQuery reads which lines are asked for, and a cursor.
func (s *server) logQuery(q url.Values, cursor string) (o view.SpanOptions, c view.Cursor, err error) {
	o.Most, o.Width, o.Bytes = mostLines, mostText, mostScanned
	if q.Get("whole") != "" {
		o.Width = wholeText
	}
	if n, err := strconv.Atoi(q.Get("most")); err == nil && n > 0 {
		o.Most = min(n, mostLines)
	}
	if s.probes != nil && q.Get("probes") == "" {
		o.Probe = s.probes()
	}
	o.Back = q.Get("back") != ""
	o.Only = strings.FieldsFunc(q.Get("only"), func(c rune) bool { return c == ',' })
	if level := q.Get("level"); level != "" {
		if o.Level, err = view.ParseLevel(level); err != nil {
			return o, c, err
		}
	}
	if o.Grep = q.Get("grep"); len(o.Grep) > 1000 {
		return o, c, errors.New("the expression is longer than 1000 bytes")
	}
	if o.Text = q.Get("text"); len(o.Text) > 1000 {
		return o, c, errors.New("the text is longer than 1000 bytes")
	}
	if err = o.Options.Check(); err != nil {
		return o, c, err
	}
	c, err = view.ParseCursor(q.Get(cursor))
	return o, c, err
}
