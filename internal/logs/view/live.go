package view

import (
	"regexp"
	"slices"
	"sync"
)

// Choice is which lines are shown, on top of what the options say.
type Choice struct {
	Hidden []string       // names of processes
	Grep   *regexp.Regexp // that the text matches, and what is marked in it; nil: all
	Level  Level          // the least level; NoLevel: all
}

// Live is a choice that may change while Tail follows. The zero value chooses all.
type Live struct {
	mu     sync.Mutex // held while a block is shown
	choice Choice
}

// Set changes the choice. When it returns, what was chosen otherwise is written.
func (l *Live) Set(c Choice) {
	l.mu.Lock()
	l.choice = c
	l.mu.Unlock()
}

// liveBlock is how many bytes are read at once where a choice may change in between:
// as many as a terminal shows before anybody has waited.
const liveBlock = 32 << 10

// during shows a block; a nil Live has no choice that could change meanwhile.
func (l *Live) during(show func() error) error {
	if l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
	}
	return show()
}

func (l *Live) shows(name string, text []byte, level Level) bool {
	return l == nil || level >= l.choice.Level && (l.choice.Grep == nil || l.choice.Grep.Match(text)) && !slices.Contains(l.choice.Hidden, name)
}

// mark inverts what was searched for in a text without escape sequences.
func (l *Live) mark(text []byte) []byte {
	if l == nil || l.choice.Grep == nil {
		return text
	}
	return l.choice.Grep.ReplaceAllFunc(text, func(found []byte) []byte {
		if len(found) == 0 {
			return nil
		}
		return slices.Concat([]byte("\x1b[7m"), found, []byte("\x1b[27m"))
	})
}
