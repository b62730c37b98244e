// Package console is what a person sees. Its rules:
//
//   - What was asked for goes to standard output; errors, hints and progress
//     go to standard error.
//   - An error is one block, shown once: "muster: error: what and where", then
//     "hint: what to do next".
//   - Colour means something (green: well, yellow: not yet or not quite, red:
//     wrong) and never says it alone. There is none when the output is not a
//     terminal, or under NO_COLOR.
//   - Times are rounded to what matters, memory is in MB, names are aligned.
package console

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/fatih/color"
	"github.com/mattn/go-isatty"
)

// paint is a text in a colour, where what it is written to shows colours.
func paint(w io.Writer, with color.Attribute, text string) string {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || !isatty.IsTerminal(f.Fd()) {
		return text
	}
	c := color.New(with)
	c.EnableColor() // the package itself looks at standard output only
	return c.Sprint(text)
}

// Error prints an error and its hints.
func Error(w io.Writer, err error) {
	fmt.Fprintf(w, "%s %s\n", paint(w, color.FgRed, "muster: error:"), err)
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		for line := range strings.Lines(h.Hint()) {
			fmt.Fprintf(w, "%s %s\n", paint(w, color.FgYellow, "hint:"), strings.TrimRight(line, "\n"))
		}
	}
}

// Step prints a line of progress.
func Step(w io.Writer, format string, args ...any) {
	fmt.Fprintf(w, "%s %s\n", paint(w, color.FgCyan, "·"), fmt.Sprintf(format, args...))
}

// Done prints a line about something that went well.
func Done(w io.Writer, format string, args ...any) {
	fmt.Fprintf(w, "%s %s\n", paint(w, color.FgGreen, "✓"), fmt.Sprintf(format, args...))
}

// Warn prints a line about something to know.
func Warn(w io.Writer, format string, args ...any) {
	fmt.Fprintf(w, "%s %s\n", paint(w, color.FgYellow, "!"), fmt.Sprintf(format, args...))
}

// Seconds is a duration as people read it.
func Seconds(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}

// Panel prints names and what they stand for, set apart from the lines around.
func Panel(w io.Writer, rows [][2]string) {
	width := 0
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	fmt.Fprintln(w)
	for _, r := range rows {
		fmt.Fprintf(w, "  %s  %s\n", paint(w, color.FgHiBlack, fmt.Sprintf("%-*s", width, r[0])), paint(w, color.FgCyan, r[1]))
	}
	fmt.Fprintln(w)
}
