package console

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/internal/supervise"
)

// output is a writer that can be looked at meanwhile.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// The tests of what goes on share the screen, and are not parallel.

func TestWhatLastsIsALineWhereNoneCame(t *testing.T) {
	out := &output{}
	end := Terminal{out}.Begin("100 % of\nit")
	for wait := time.Now().Add(10 * time.Second); out.String() == "" && time.Now().Before(wait); time.Sleep(time.Millisecond) {
	}
	if !end() {
		t.Error("it has not lasted")
	}
	if got, want := out.String(), "· 100 % of\\nit ...\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if (Terminal{out}).Begin("short")() {
		t.Error("it has lasted")
	}
}

func TestHowFarItIs(t *testing.T) {
	out := Terminal{&output{}}
	end := out.Begin("start")
	for _, c := range []struct {
		process string
		state   supervise.State
		want    string
	}{
		{"a-0", supervise.Starting, "0 of 1, a-0 starting"},
		{"b-0", supervise.Starting, "0 of 2, a-0 starting, b-0 starting"},
		{"a-0", supervise.Healthy, "1 of 2, b-0 starting"},
		{"b-0", supervise.Backoff, "1 of 2, b-0 backoff"},
		{"b-0", supervise.Failed, ""},
	} {
		out.Event(supervise.Event{Process: c.process, State: c.state})
		if got := shared.far(); got != c.want {
			t.Errorf("%s %s: %q, not %q", c.process, c.state, got, c.want)
		}
	}
	out.Progress("nginx", 1_000_000, 2_000_000)
	if got, want := shared.far(), "███████████████░░░░░░░░░░░░░░░ nginx 1.0 of 2.0 MB"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	end()
	if got := shared.far(); got != "" {
		t.Errorf("after its end: %q", got)
	}
}

func TestTheLastLineFitsOneRow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		columns int
		end     bool
		want    string
	}{
		{"short", 10, false, "short"}, {"longer than it", 6, false, "longer"}, {"longer than it", 6, true, "han it"},
		{"日本語", 4, false, "日本"}, {"a\x1b[2Jb\rc", 10, false, `ab\rc`}, {"x", -1, true, ""},
	} {
		if got := fitting(c.text, c.columns, c.end); got != c.want {
			t.Errorf("%q in %d: %q, not %q", c.text, c.columns, got, c.want)
		}
	}
}

func TestNamesAreChosenByNumberAndBeginning(t *testing.T) {
	t.Parallel()
	names := []string{"broker-0", "broker-1", "core-0", "7"}
	for answer, want := range map[string]string{
		"": "", "2": "broker-1", "7": "7", "bro": "broker-0 broker-1", "core-0, 1": "core-0 broker-0", "9": "-", "x": "-",
	} {
		got, err := chosen(names, answer)
		text := "-"
		if err == nil {
			text = strings.Join(got, " ")
		}
		if text != want {
			t.Errorf("%q: %q, not %q", answer, text, want)
		}
	}
}
