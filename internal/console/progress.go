package console

import (
	"fmt"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
)

// Progress shows how much of something has come. On a terminal it draws over
// its own last line; elsewhere it says nothing until all has come.
func (t Terminal) Progress(what string, done, total int64) {
	if f, ok := t.Out.(*os.File); !ok || !isatty.IsTerminal(f.Fd()) {
		if done >= total {
			t.Step(fmt.Sprintf("%s: %.1f MB", what, float64(total)/1e6))
		}
		return
	}
	const width = 30
	full := int(width * min(done, total) / max(total, 1))
	bar := strings.Repeat("█", full) + strings.Repeat("░", width-full)
	fmt.Fprintf(t.Out, "\r%s %s %.1f of %.1f MB\x1b[K", bar, what, float64(done)/1e6, float64(total)/1e6)
	if done >= total {
		fmt.Fprintln(t.Out)
	}
}
