package console

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/mattn/go-isatty"

	"muster/internal/logs/view"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// Keys answers the keys of whoever looks at the stream of a log.
type Keys struct {
	Out     Terminal
	Live    *view.Live
	Running stack.Running

	choice view.Choice
	ask    *question
	bytes  []byte // of a character whose end is still to come
	busy   sync.WaitGroup
}

// question is one that a person types the answer to.
type question struct {
	text   string // that is before it
	typed  []rune
	answer func(string)
}

// HasKeys tells whether there is somebody who could press keys, and see the answers.
func HasKeys() bool { return isatty.IsTerminal(os.Stdin.Fd()) && terminal(os.Stdout) }

// Serve answers keys until ctx ends.
func (k *Keys) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer k.busy.Wait()
	defer cancel()
	closed := make(chan struct{})
	go func() { // how all is stopped is to be seen
		defer close(closed)
		select {
		case <-k.Running.Stopping:
		case <-ctx.Done():
		}
		shared.askNoMore()
	}()
	defer func() {
		cancel()
		<-closed
	}()
	return readKeys(ctx, os.Stdin, func(chunk []byte) { k.typed(ctx, chunk) })
}

func (k *Keys) stopping() bool {
	select {
	case <-k.Running.Stopping:
		return true
	default:
		return false
	}
}

// typed takes what was typed at once: a key, or what was pasted.
func (k *Keys) typed(ctx context.Context, chunk []byte) {
	if k.stopping() {
		k.ask = nil
	}
	if k.ask != nil && string(chunk) == "\x1b" {
		k.close()
		return
	}
	all := append(k.bytes, chunk...)
	k.bytes = nil
	alone := len(strings.TrimRight(string(all), "\r\n")) == 1
	for len(all) > 0 {
		if all[0] == 0x1b { // an arrow, or another key that is none of ours
			all = all[escape(all):]
			continue
		}
		if !utf8.FullRune(all) {
			k.bytes = slices.Clone(all)
			return
		}
		r, n := utf8.DecodeRune(all)
		all = all[n:]
		switch {
		case k.ask != nil:
			k.edit(r)
		case r == 'q' && !alone: // it was pasted
		default:
			k.press(ctx, r)
		}
	}
}

// escape is the length of the escape sequence that b begins with.
func escape(b []byte) int {
	if len(b) < 2 || b[1] != '[' && b[1] != 'O' {
		return min(len(b), 2)
	}
	for i := 2; i < len(b); i++ {
		if b[i] >= 0x40 && b[i] <= 0x7e {
			return i + 1
		}
	}
	return len(b)
}

// edit takes a key of the line that is typed.
func (k *Keys) edit(r rune) {
	q := k.ask
	switch r {
	case '\r', '\n':
		k.close()
		q.answer(strings.TrimSpace(string(q.typed)))
		return
	case 0x7f, '\b':
		q.typed = q.typed[:max(len(q.typed)-1, 0)]
	case 'U' & 0x1f:
		q.typed = nil
	case 'W' & 0x1f:
		text := strings.TrimRight(string(q.typed), " ")
		q.typed = []rune(text[:strings.LastIndexByte(text, ' ')+1])
	case 'D' & 0x1f:
		if len(q.typed) == 0 {
			k.close()
			return
		}
	default:
		if r < 0x20 || len(q.typed) >= 1000 {
			return
		}
		q.typed = append(q.typed, r)
	}
	k.show()
}

func (k *Keys) show() {
	shared.ask(os.Stdout, k.ask.text+" "+string(k.ask.typed))
}

func (k *Keys) close() {
	k.ask = nil
	shared.answered()
}

func (k *Keys) question(text string, answer func(string)) {
	k.ask = &question{text: text, answer: answer}
	k.show()
}

// whichOf asks for some of the processes, in one line if there is room for it.
func (k *Keys) whichOf(names []string, text, none string, note func(string) string, answer func([]string)) {
	if len(names) == 0 {
		k.Out.Warn("nothing runs yet")
		return
	}
	var all []string
	for i, name := range names {
		all = append(all, fmt.Sprintf("%d %s%s", i+1, name, note(name)))
	}
	list := strings.Join(all, "  ")
	if len(text)+len(list)+len(none) > width(os.Stdout)-20 {
		k.Out.Step(list)
		list = "number or name"
	}
	k.question(text+"? "+list+"; Enter: "+none+":", func(typed string) {
		which, err := chosen(names, typed)
		if err != nil {
			k.Out.Warn("%v", err)
			return
		}
		answer(which)
	})
}

// keys are the keys, and what they do, as h shows it.
func keys() [][2]string {
	return [][2]string{
		{"h", "this help"},
		{"r", "restart one process, or all"},
		{"s", "status"},
		{"l", "choose the processes that are shown"},
		{"/", "show only lines that match a regular expression, and mark it; empty ends it"},
		{"e", "errors only, and again all"},
		{"o", "open the page"},
		{"d", "open the dashboard"},
		{"q", "stop everything, as Ctrl-C does"},
	}
}

func (k *Keys) press(ctx context.Context, key rune) {
	switch key {
	case 'h', '?':
		k.Out.Panel(keys())
	case 'r':
		k.askRestart(ctx)
	case 's':
		k.later(func() error {
			st, err := k.Running.Client.Status(ctx)
			if err == nil {
				k.Out.Status(st)
			}
			return err
		})
	case 'l':
		k.askShown()
	case '/':
		k.question("/", k.search)
	case 'e':
		c := k.choice
		if c.Level == view.NoLevel {
			c.Level = view.Error
		} else {
			c.Level = view.NoLevel
		}
		k.choose(c)
	case 'o':
		k.later(func() error { return k.open(ctx, "page", k.Running.Page) })
	case 'd':
		k.later(func() error { return k.open(ctx, "dashboard", k.Running.Dashboard) })
	case 'q':
		k.Running.Quit()
	case '\r', '\n': // a gap, as people make in a log
		k.Out.print("\n")
	}
}

// later does what may take its time.
func (k *Keys) later(work func() error) {
	k.busy.Go(func() {
		if err := work(); err != nil && !k.stopping() {
			k.Out.Error(err)
		}
	})
}

// names are those of the processes that run, or are to.
func (k *Keys) names() (names []string) {
	for _, p := range k.Running.Client.Plan().Processes {
		names = append(names, p.Name)
	}
	return names
}

// chosen are the names that an answer means, by their numbers, or how they begin.
func chosen(names []string, answer string) (all []string, err error) {
	for _, word := range strings.FieldsFunc(answer, func(r rune) bool { return r == ' ' || r == ',' }) {
		n, err := strconv.Atoi(word)
		var found []string
		switch {
		case slices.Contains(names, word):
			found = []string{word}
		case err == nil && n >= 1 && n <= len(names):
			found = names[n-1 : n]
		default:
			found = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, word) })
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("no process %q; there are %s", word, strings.Join(names, ", "))
		}
		all = append(all, found...)
	}
	return all, nil
}

func (k *Keys) askRestart(ctx context.Context) {
	k.whichOf(k.names(), "restart which", "all", func(string) string { return "" }, func(which []string) {
		what := strings.Join(which, ", ")
		if len(which) == 0 {
			what = "all"
		}
		k.later(func() error {
			began := time.Now()
			k.Out.Step("restarting " + what)
			err := k.Running.Client.Restart(ctx, which, supervise.OwnTimeout)
			if err == nil {
				k.Out.Done("restarted %s in %s", what, time.Since(began))
			}
			return err
		})
	})
}

func (k *Keys) askShown() {
	note := func(name string) string {
		if slices.Contains(k.choice.Hidden, name) {
			return " (hidden)"
		}
		return ""
	}
	k.whichOf(k.names(), "show or hide which", "show all", note, func(which []string) {
		c := k.choice
		c.Hidden = slices.Clone(c.Hidden)
		for _, name := range which {
			if i := slices.Index(c.Hidden, name); i >= 0 {
				c.Hidden = slices.Delete(c.Hidden, i, i+1)
			} else {
				c.Hidden = append(c.Hidden, name)
			}
		}
		if len(which) == 0 {
			c.Hidden = nil
		}
		k.choose(c)
	})
}

func (k *Keys) search(text string) {
	c := k.choice
	c.Grep = nil
	if text != "" {
		var err error
		if c.Grep, err = regexp.Compile(text); err != nil {
			k.Out.Warn("%q is no regular expression: %s", text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
			return
		}
	}
	k.choose(c)
}

// choose changes what is shown, and says what that is.
func (k *Keys) choose(c view.Choice) {
	k.choice = c
	k.Live.Set(c)
	var all []string
	if c.Level != view.NoLevel {
		all = append(all, "errors only")
	}
	if c.Grep != nil {
		all = append(all, fmt.Sprintf("lines that match %q", c.Grep))
	}
	if len(c.Hidden) > 0 {
		all = append(all, "without "+strings.Join(c.Hidden, ", "))
	}
	if len(all) == 0 {
		all = []string{"all lines"}
	}
	k.Out.Step("shown from now on: " + strings.Join(all, ", "))
}

// open opens what runs in a browser.
func (k *Keys) open(ctx context.Context, what string, url func([]supervise.ProcessStatus) string) error {
	st, err := k.Running.Client.Status(ctx)
	if err != nil {
		return err
	}
	at := url(st.Processes)
	if at == "" {
		k.Out.Warn("no %s runs", what)
		return nil
	}
	k.Out.Step(what + ": " + at)
	return Open(at)
}
