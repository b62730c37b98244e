package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"
	"time"

	"muster/internal/plan"
	"muster/internal/printable"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// act is what a person asks for. It names processes; none is all of them but those that
// the page needs.
type act struct {
	Do    string   `json:"do"` // start, stop, restart, rolling, reload, run
	Names []string `json:"names"`
}

// step is a line of the answer: what is done, and at the end how it went.
type step struct {
	Step    string   `json:"step,omitempty"`
	Warning string   `json:"warning,omitempty"`
	Done    string   `json:"done,omitempty"`
	Trouble *trouble `json:"trouble,omitempty"`
}

// act does it, and tells of it while it is done. It goes on when the page is closed.
func (s *server) act(w http.ResponseWriter, r *http.Request) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	var a act
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err != nil || kind != "application/json" { // no form can send that
		http.Error(w, "the request is not as this page sends it", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
	out := http.NewResponseController(w)
	t := &teller{tell: func(st step) {
		line, _ := json.Marshal(st)
		w.Write(append(line, '\n'))
		out.Flush()
	}}
	defer t.end()
	began := time.Now()
	switch err := s.do(s.ctx, a, t); {
	case err != nil:
		t.say(step{Trouble: new(troubleOf(err))})
	default:
		t.say(step{Done: fmt.Sprintf("done in %s", time.Since(began).Round(time.Millisecond))})
	}
}

func (s *server) do(ctx context.Context, a act, t *teller) error {
	c := *s.client
	c.OnEvent = t.event
	c.Began = time.Now()
	if err := stack.CheckNames(ctx, &c, nil, a.Names); err != nil && a.Do != "run" {
		return err
	}
	names := a.Names
	if len(names) == 0 {
		names = s.everything()
	}
	switch a.Do {
	case "start":
		p := c.Plan()
		_, err := c.Start(ctx, p, supervise.StartOptions{Names: names})
		return err
	case "stop":
		return c.Stop(ctx, names, supervise.OwnTimeout)
	case "restart":
		return c.Restart(ctx, names, supervise.OwnTimeout)
	}
	cfg, err := s.load()
	if err != nil {
		return err
	}
	switch a.Do {
	case "rolling":
		return stack.RestartRolling(ctx, &c, cfg, stack.RollingOptions{Only: a.Names, Timeout: supervise.OwnTimeout, Drain: stack.DefaultDrain}, t)
	case "reload":
		if err := stack.TakePorts(ctx, &c, cfg, t); err != nil {
			return err
		}
		return stack.Reload(ctx, &c, cfg, t)
	case "run":
		if len(a.Names) != 1 {
			return errors.New("one task is run at a time")
		}
		return stack.RunTask(ctx, &c, cfg, a.Names[0], t)
	}
	return fmt.Errorf("there is no act %q", a.Do)
}

// everything names what runs but the page's own process, and the watchers beside it.
func (s *server) everything() []string {
	var names []string
	for _, p := range s.client.Plan().Processes {
		if p.Kind != plan.Watcher && !p.Spare {
			names = append(names, p.Name)
		}
	}
	return names
}

// teller tells the page how an act goes.
type teller struct {
	mu   sync.Mutex
	tell func(step) // nil: it is over
}

func (t *teller) say(s step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tell != nil {
		s.Step, s.Warning, s.Done = printable.Line(s.Step), printable.Line(s.Warning), printable.Line(s.Done)
		t.tell(s)
	}
}

func (t *teller) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tell = nil
}

func (t *teller) event(e supervise.Event) {
	switch {
	case e.Warning != "":
		t.say(step{Warning: e.Warning})
	case e.Notice != "":
		t.say(step{Step: e.Process + " " + e.Notice})
	default:
		text := e.Process + " " + string(e.State)
		if e.Detail != "" {
			text += ": " + e.Detail
		}
		t.say(step{Step: text})
	}
}

// Step, and what follows, make it a stack.Report.
func (t *teller) Step(text string)                 { t.say(step{Step: text}) }
func (t *teller) Done(format string, args ...any)  { t.say(step{Step: fmt.Sprintf(format, args...)}) }
func (t *teller) Warn(format string, args ...any)  { t.say(step{Warning: fmt.Sprintf(format, args...)}) }
func (t *teller) Error(err error)                  { t.say(step{Warning: err.Error()}) }
func (t *teller) Progress(what string, _, _ int64) { t.say(step{Step: what}) }
func (t *teller) Begin(what string) (end func() bool) {
	t.say(step{Step: what})
	return func() bool { return false }
}

// refuse says why there is no answer.
func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusUnprocessableEntity)
	json.NewEncoder(w).Encode(troubleOf(err))
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(w).Encode(value)
}
