package view

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestAChoiceHoldsFromTheMomentInWhichItIsMade(t *testing.T) {
	t.Parallel()
	live := &Live{}
	path := logFile(t)
	out := follower(t, path, Options{Live: live})
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			select {
			case <-quit:
				return
			default:
				appendTo(t, path, line("a-0", fmt.Sprint("INFO: fine ", n))+line("a-0", "ERROR: broken")+line("a-0", "  its trace")+line("b-0", "ERROR: broken too"))
			}
		}
	}()
	defer func() {
		close(quit)
		<-ended
	}()
	for _, c := range []struct {
		choice Choice
		has    []string
		not    []string
	}{
		{Choice{Level: Error}, []string{"ERROR: broken\n", "its trace", "broken too"}, []string{"fine"}},
		{Choice{Level: Error, Hidden: []string{"b-0"}}, []string{"ERROR: broken\n", "its trace"}, []string{"fine", "too"}},
		{Choice{Grep: regexp.MustCompile("fine .*7")}, []string{"fine"}, []string{"broken", "trace"}},
		{Choice{}, []string{"fine", "ERROR: broken\n", "its trace", "broken too"}, nil},
	} {
		live.Set(c.choice)
		from := len(out.String())
		eventually(t, func() bool { return strings.Count(out.String()[from:], "\n") > 1000 }, func() string { return "nothing is shown" })
		shown := out.String()[from:]
		for _, text := range c.has {
			if !strings.Contains(shown, text) {
				t.Errorf("%+v: %q is missing", c.choice, text)
			}
		}
		for _, text := range c.not {
			if strings.Contains(shown, text) {
				t.Errorf("%+v: %q is shown", c.choice, text)
			}
		}
	}
}

func TestWhatIsSearchedForIsMarked(t *testing.T) {
	t.Parallel()
	live := &Live{}
	live.Set(Choice{Grep: regexp.MustCompile("x*|needle")})
	path := logFile(t, line("a-0", "ERROR: xx in"), line("a-0", "\x1b[1mxx"))
	got := shown(t, path, Options{Live: live, Lines: -1, Color: true, Terminal: true})
	for _, want := range []string{"\x1b[31mERROR: \x1b[7mxx\x1b[27m in\x1b[0m", "\x1b[1mxx"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	if got := shown(t, path, Options{Live: live, Lines: -1}); strings.Contains(got, "\x1b") {
		t.Errorf("without colours: %q", got)
	}
}
