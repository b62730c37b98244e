package console

import (
	"fmt"
	"strings"
)

// Progress shows how much of something has come, in bytes: on a terminal in the line
// of what goes on, and when all has come, in one of its own.
func (t Terminal) Progress(what string, done, total int64) {
	if done >= total {
		shared.progress("")
		t.Step(fmt.Sprintf("%s: %.1f MB", what, float64(total)/1e6))
		return
	}
	const width = 30
	full := int(width * done / total)
	shared.progress(fmt.Sprintf("%s%s %s %.1f of %.1f MB", strings.Repeat("█", full), strings.Repeat("░", width-full), what, float64(done)/1e6, float64(total)/1e6))
}

func (s *screen) progress(bar string) {
	s.mu.Lock()
	s.bar = bar
	s.mu.Unlock()
}
