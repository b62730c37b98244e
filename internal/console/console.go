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
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/fatih/color"
	"github.com/mattn/go-isatty"

	"muster/internal/printable"
)

// paint is a text in a colour, where what it is written to shows colours.
func paint(w io.Writer, with color.Attribute, text string) string {
	for g, ok := w.(*gathered); ok; g, ok = w.(*gathered) {
		w = g.of
	}
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || !isatty.IsTerminal(f.Fd()) {
		return text
	}
	c := color.New(with)
	c.EnableColor() // the package itself looks at standard output only
	return c.Sprint(text)
}

// JSON prints a value for a program, indented; a terminal that shows it is safe.
func JSON(w io.Writer, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err == nil {
		_, err = w.Write(append(printable.JSON(data), '\n'))
	}
	return err
}

// seconds is a duration as people read it.
func seconds(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}
