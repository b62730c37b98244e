package console

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"

	"muster/internal/printable"
)

// screen is what the outputs of this program lead to. Below the lines that were
// printed, and stay where they are, it may have one that is not final: what a person
// types, or else what goes on. It goes before anything is printed, and comes again.
type screen struct {
	mu      sync.Mutex
	free    sync.Cond // nobody types
	on      *os.File  // the terminal that the last line is on
	drawn   bool
	typing  bool
	deaf    bool    // nobody is to type any more
	typed   string  // what was asked, and what was typed
	works   []*work // that have lasted, in their order
	turning *time.Timer

	printed int      // lines, or several at once
	going   int      // what goes on, whether it has lasted or not
	waits   []waited // the processes that it waits for
	bar     string   // how much of a file has come
}

var shared = newScreen()

func newScreen() *screen {
	s := &screen{}
	s.free.L = &s.mu
	return s
}

// print writes whole lines.
func (s *screen) print(w io.Writer, text []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.put(w, text)
	return err
}

func (s *screen) put(w io.Writer, text []byte) (int, error) {
	if g, ok := w.(*gathered); ok {
		return g.Write(text)
	}
	s.printed++
	below := s.drawn && terminal(w)
	if below {
		s.erase()
	}
	n, err := w.Write(text)
	if below {
		s.draw()
	}
	return n, err
}

func (s *screen) erase() {
	if s.drawn {
		io.WriteString(s.on, "\r\x1b[K")
		s.drawn = false
	}
}

// draw shows the last line, unless another job has the terminal: nobody is to find
// our line behind a prompt.
func (s *screen) draw() {
	text := s.typed
	if !s.typing {
		text = s.working()
	}
	if s.on == nil || text == "" || !inForeground(int(s.on.Fd())) {
		s.erase()
		return
	}
	io.WriteString(s.on, "\r"+fitting(text, width(s.on)-1, s.typing)+"\x1b[K")
	s.drawn = true
}

// ask shows what is typed until answered is called. What comes of a log waits meanwhile.
func (s *screen) ask(on *os.File, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deaf {
		return
	}
	s.erase()
	s.on, s.typing, s.typed = on, true, text
	s.draw()
}

// askNoMore ends the typing for good.
func (s *screen) askNoMore() {
	s.mu.Lock()
	s.deaf = true
	s.mu.Unlock()
	s.answered()
}

// answered ends the typing.
func (s *screen) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	s.typing = false
	s.draw()
	s.free.Broadcast()
}

// hide takes the last line away, and again brings it back. It waits for no terminal
// that does not show what is written.
func (s *screen) hide() {
	if s.mu.TryLock() {
		defer s.mu.Unlock()
		s.erase()
	}
}

func (s *screen) again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drawn = false // whatever is there now is not ours
	s.draw()
}

// Log is a writer for whole lines that may wait: while a person types, none comes.
func (t Terminal) Log() io.Writer { return waiting{t.Out} }

type waiting struct{ w io.Writer }

// atOnce is about how many bytes of a log are written before somebody else may: as
// many as a terminal takes without having shown them.
const atOnce = 4 << 10

func (w waiting) Write(text []byte) (n int, err error) {
	if !terminal(w.w) {
		return w.write(text)
	}
	for n < len(text) && err == nil {
		part := text[n:]
		if len(part) > atOnce {
			end := bytes.LastIndexByte(part[:atOnce], '\n')
			if end < 0 {
				end = bytes.IndexByte(part, '\n') // of a long line
			}
			if end >= 0 {
				part = part[:end+1]
			}
		}
		var written int
		written, err = w.write(part)
		n += written
	}
	return n, err
}

func (w waiting) write(text []byte) (int, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	for shared.typing {
		shared.free.Wait()
	}
	return shared.put(w.w, text)
}

// gathered is a text that is printed at once, as it is shown on of.
type gathered struct {
	bytes.Buffer
	of io.Writer
}

// together prints at once what show does.
func (t Terminal) together(show func(Terminal)) {
	g := &gathered{of: t.Out}
	show(Terminal{g})
	t.print(g.String())
}

func (t Terminal) print(text string) { shared.print(t.Out, []byte(text)) }

// terminal tells whether a writer leads to a terminal that a person looks at.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && isatty.IsTerminal(f.Fd()) && !inCI()
}

// inCI tells whether a program reads: some of them bring a terminal.
func inCI() bool { return !slices.Contains([]string{"", "0", "false"}, os.Getenv("CI")) }

func width(f *os.File) int {
	if _, columns := terminalSize(f); columns > 0 {
		return columns
	}
	return 80
}

// fitting is a text, free of colours, of at most so many columns: its beginning, or
// its end.
func fitting(text string, columns int, end bool) string {
	all := []rune(printable.Line(text))
	used := 0
	if end {
		slices.Reverse(all)
	}
	for i, r := range all {
		if used++; r >= 0x1100 { // may take two
			used++
		}
		if used > columns {
			all = all[:i]
			break
		}
	}
	if end {
		slices.Reverse(all)
	}
	return string(all)
}

// lasts is from when on a person sees that something goes on.
const lasts = 500 * time.Millisecond

// silence is how long nothing is said about what has told already that it lives.
const silence = 5 * time.Second

// work is something that goes on.
type work struct {
	what  string
	began time.Time
	shown bool
	after int // that had been printed when it was looked at
	timer *time.Timer
}

// Begin has a person see that something goes on, once it lasts: on a terminal in a
// line that the next one replaces, elsewhere in one of its own as soon as no other line
// tells it. The function that it
// returns ends that, and tells whether it has lasted.
func (t Terminal) Begin(what string) (end func() (lasted bool)) {
	w := &work{what: what, began: time.Now()}
	shared.mu.Lock()
	shared.going++
	w.after = shared.printed
	w.timer = time.AfterFunc(lasts, func() { t.show(w) })
	shared.mu.Unlock()
	return func() bool {
		shared.mu.Lock()
		defer shared.mu.Unlock()
		w.timer.Stop()
		if shared.going--; shared.going == 0 {
			shared.waits, shared.bar = nil, ""
		}
		shared.works = slices.DeleteFunc(shared.works, func(other *work) bool { return other == w })
		if w.shown {
			shared.draw()
		}
		ended := w.shown
		w.shown = true // a timer that fires at this moment is late
		return ended || time.Since(w.began) >= lasts
	}
}

func (t Terminal) show(w *work) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if w.shown {
		return
	}
	if !terminal(t.Out) {
		if shared.printed != w.after {
			w.after = shared.printed
			w.timer.Reset(silence)
			return
		}
		w.shown = true
		shared.put(t.Out, []byte(strings.TrimRight("· "+printable.Line(w.what)+" ... "+printable.Line(shared.far()), " ")+"\n"))
		return
	}
	w.shown = true
	shared.works = append(shared.works, w)
	if !shared.typing {
		shared.on = t.Out.(*os.File)
	}
	shared.turn()
}

// turn draws what goes on, as long as something does.
func (s *screen) turn() {
	if !s.typing {
		s.draw()
	}
	if len(s.works) > 0 && s.turning == nil {
		s.turning = time.AfterFunc(100*time.Millisecond, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.turning = nil
			s.turn()
		})
	}
}

// working is the line that shows what goes on.
func (s *screen) working() string {
	var all []string
	for _, w := range s.works {
		all = append(all, fmt.Sprintf("%s %.1f s", w.what, time.Since(w.began).Seconds()))
	}
	if len(all) == 0 {
		return ""
	}
	if far := s.far(); far != "" {
		all = append(all, far)
	}
	const signs = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
	n := int(time.Now().UnixMilli() / 100 % 10)
	return string([]rune(signs)[n]) + " " + strings.Join(all, "   ")
}

// tell says how far a process is that something may wait for.
func (s *screen) tell(process, state string, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.going == 0 || process == "" {
		return
	}
	i := slices.IndexFunc(s.waits, func(w waited) bool { return w.process == process })
	if i < 0 {
		i = len(s.waits)
		s.waits = append(s.waits, waited{process: process})
	}
	s.waits[i].state, s.waits[i].there = state, there
}

// waited is a process that something waits for.
type waited struct {
	process, state string
	there          bool
}

// far tells how far what goes on is.
func (s *screen) far() string {
	var not []string
	for _, w := range s.waits {
		if !w.there {
			not = append(not, w.process+" "+w.state)
		}
	}
	if len(not) == 0 {
		return s.bar
	}
	return fmt.Sprintf("%d of %d, %s", len(s.waits)-len(not), len(s.waits), strings.Join(not, ", "))
}
