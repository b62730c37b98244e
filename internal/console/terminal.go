package console

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fatih/color"

	"muster/internal/hint"
	"muster/internal/printable"
)

// Terminal shows on Out what a person is to see. A time.Duration among the
// arguments is shown as people read it. Of what others wrote, such as a log's
// last lines or a command line, nothing but colour is an order to the terminal.
type Terminal struct{ Out io.Writer }

// Step prints a line of progress.
func (t Terminal) Step(text string) { t.line(color.FgCyan, "·", "%s", text) }

// Done prints a line about something that went well.
func (t Terminal) Done(format string, args ...any) { t.line(color.FgGreen, "✓", format, args...) }

// Warn prints a line about something to know.
func (t Terminal) Warn(format string, args ...any) { t.line(color.FgYellow, "!", format, args...) }

func (t Terminal) line(with color.Attribute, sign, format string, args ...any) {
	for i, arg := range args {
		if d, ok := arg.(time.Duration); ok {
			args[i] = seconds(d)
		}
	}
	t.print(fmt.Sprintf("%s %s\n", paint(t.Out, with, sign), printable.Text(fmt.Sprintf(asCalledFormat(format), args...))))
}

// Indented prints what belongs to the line before.
func (t Terminal) Indented(text string) {
	t.print("                 " + printable.Text(asCalled(text)) + "\n")
}

// Error prints an error and its hints.
func (t Terminal) Error(err error) { t.together(func(t Terminal) { t.error(err) }) }

func (t Terminal) error(err error) {
	fmt.Fprintf(t.Out, "%s %s\n", paint(t.Out, color.FgRed, "muster: error:"), printable.Text(err.Error()))
	for line := range strings.Lines(hint.Of(err)) {
		fmt.Fprintf(t.Out, "%s %s\n", paint(t.Out, color.FgYellow, "hint:"), printable.Line(asCalled(strings.TrimRight(line, "\n"))))
	}
}

// Panel prints names and what they stand for, set apart from the lines around.
func (t Terminal) Panel(rows [][2]string) { t.together(func(t Terminal) { t.panel(rows) }) }

func (t Terminal) panel(rows [][2]string) {
	width := 0
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	fmt.Fprintln(t.Out)
	for _, r := range rows {
		fmt.Fprintf(t.Out, "  %s  %s\n", paint(t.Out, color.FgHiBlack, fmt.Sprintf("%-*s", width, r[0])), paint(t.Out, color.FgCyan, printable.Line(r[1])))
	}
	fmt.Fprintln(t.Out)
}
