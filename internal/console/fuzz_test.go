package console

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"muster/internal/fuzztest"
	"muster/internal/hint"
	"muster/internal/logs/view"
	"muster/internal/requests"
	"muster/internal/supervise"
)

// FuzzTerminal tries that no text of others is an order to the terminal, wherever it comes
// to be shown.
func FuzzTerminal(f *testing.F) {
	f.Add("a\x1b]0;x\a\r\u009b2J\u202e\xff\n%s%!d(MISSING)", "a-0")
	f.Add("run dev:kill -config='x\ny'", "\x1b[2J")
	f.Fuzz(func(t *testing.T, text, name string) {
		fuzztest.Bound(t)
		var b bytes.Buffer
		out := Terminal{&b}
		out.Step(text)
		out.Warn("%s", text)
		out.Indented(text)
		out.Error(hint.With(errors.New(text), text))
		out.Panel([][2]string{{"logs", text}})
		for _, state := range []supervise.State{supervise.Failed, supervise.Starting, supervise.Healthy} {
			out.Event(supervise.Event{Process: name, State: state, Detail: text, URL: text, Notice: text, Warning: text})
		}
		out.Status(supervise.Status{Warnings: []string{text}, Processes: []supervise.ProcessStatus{
			{Name: name, State: supervise.Failed, Detail: text, URL: text, Hint: text, Log: text, LastLines: []string{text}, WaitsFor: text}}})
		out.Request(requests.Request{Request: view.Request{Method: text, Path: text, Upstream: text, Server: text, ID: text}, Process: name, Route: text})
		fuzztest.Shown(t, b.String())
		if err := JSON(&b, map[string]string{name: text}); err != nil {
			t.Fatal(err)
		}
		fuzztest.Shown(t, b.String())
	})
}

// FuzzChosen tries the answers that a person gives at the keyboard.
func FuzzChosen(f *testing.F) {
	f.Add("1, a b-0", "a-0 a-1 b-0")
	f.Add("0,-1,99999999999999999999", "")
	f.Fuzz(func(t *testing.T, answer, names string) {
		fuzztest.Bound(t)
		all := strings.Fields(names)
		found, err := chosen(all, answer)
		if err != nil {
			return
		}
		for _, name := range found {
			if !strings.Contains(names, name) {
				t.Errorf("%q of %q", name, names)
			}
		}
	})
}
