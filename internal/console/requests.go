package console

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fatih/color"

	"muster/internal/printable"
	"muster/internal/requests"
)

// requestRow has what is of any length at its end: rows are printed as they come.
const requestRow = "%-12s  %-7s  %s  %s  %s  %s  %s"

// RequestHead prints the head of a table of requests.
func (t Terminal) RequestHead() {
	head := fmt.Sprintf(requestRow, "TIME", "METHOD", "STATUS", " GATEWAY", "  SERVER", padded("ANSWERED BY"), "PATH, ID")
	fmt.Fprintln(t.Out, paint(t.Out, color.FgHiBlack, head))
}

// Request prints one as a row.
func (t Terminal) Request(r requests.Request) {
	at, server := "-", "-"
	if !r.Time.IsZero() {
		at = r.Time.Local().Format("15:04:05.000")
	}
	if n := len(r.UpstreamSeconds); n > 0 {
		server = took(r.UpstreamSeconds[n-1])
	}
	answered := r.Process
	for _, name := range []string{r.Server, "-"} {
		if answered == "" {
			answered = name
		}
	}
	row := fmt.Sprintf(requestRow, at, printable.Line(r.Method), paint(t.Out, statusColor(r.Status), fmt.Sprintf("%-6d", r.Status)),
		paint(t.Out, tookColor(r.Seconds), fmt.Sprintf("%8s", took(r.Seconds))), fmt.Sprintf("%8s", server), padded(printable.Line(answered)), printable.Line(r.Path))
	if r.ID != "" {
		row += "  " + paint(t.Out, color.FgHiBlack, printable.Line(r.ID))
	}
	fmt.Fprintln(t.Out, row)
}

func padded(s string) string {
	const width = 16
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// Requests prints what there is to say of all requests of a table.
func (t Terminal) Requests(s *requests.Summary) {
	total := s.Total()
	if total.Requests == 0 {
		t.Step("no requests")
		return
	}
	t.Step(fmt.Sprintf("%d requests, %d of them 5xx; half took up to %s, 95 %% up to %s", total.Requests, total.Errors, took(total.P50), took(total.P95)))
	if slow := total.Slowest; slow.Method != "" {
		t.Step(fmt.Sprintf("slowest: %s %s, %s  %s", slow.Method, printable.Line(slow.Path), took(slow.Seconds), printable.Line(slow.ID)))
	}
}

// RequestRoutes prints what was asked of each route.
func (t Terminal) RequestRoutes(routes []requests.Route) {
	rows := [][]string{{"ROUTE", "SERVER", "REQUESTS", "5XX", "P50", "P95", "SLOWEST", "ID"}}
	for _, r := range routes {
		row := []string{r.Route, r.Server, fmt.Sprint(r.Requests), fmt.Sprint(r.Errors), took(r.P50), took(r.P95), took(r.Slowest.Seconds), r.Slowest.ID}
		if r.Slowest.Method == "" { // WebSockets alone
			row[4], row[5], row[6] = "-", "-", "-"
		}
		for i := range row[:2] {
			if row[i] == "" {
				row[i] = "-"
			}
		}
		rows = append(rows, row)
	}
	t.table(rows, func(column int, cell string) color.Attribute {
		switch {
		case column == 3 && cell != "0":
			return color.FgRed
		case column == 7:
			return color.FgHiBlack
		}
		return color.Reset
	})
}

// took is how long something took, to the millisecond as the gateways measure it.
func took(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.0f ms", s*1000)
	}
	return seconds(time.Duration(s * float64(time.Second)))
}

func tookColor(s float64) color.Attribute {
	switch {
	case s >= 1:
		return color.FgRed
	case s >= 0.3: // what a person notices
		return color.FgYellow
	}
	return color.Reset
}

func statusColor(status int) color.Attribute {
	switch status / 100 {
	case 5:
		return color.FgRed
	case 4:
		return color.FgYellow
	case 3:
		return color.FgCyan
	}
	return color.FgGreen
}
