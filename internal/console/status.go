package console

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fatih/color"

	"muster/internal/printable"
	"muster/internal/supervise"
)

// Event prints what became of a process, if it is worth a line: that it is
// well, or that it is not.
func (t Terminal) Event(e supervise.Event) {
	shared.tell(e.Process, string(e.State), !slices.Contains([]supervise.State{supervise.Starting, supervise.Stopping, supervise.Backoff, supervise.Unhealthy}, e.State))
	if e.Warning != "" {
		t.Warn("%s", printable.Line(e.Warning))
		return
	}
	e.Process, e.Detail = printable.Line(e.Process), printable.Line(e.Detail)
	line := fmt.Sprintf("%-18s %s", e.Process, e.State)
	if e.Notice != "" {
		t.Done("%-18s %s", e.Process, e.Notice)
		return
	}
	switch e.State {
	case supervise.Healthy:
		how := seconds(time.Duration(e.Seconds * float64(time.Second)))
		if e.Adopted {
			how = "adopted, it ran on"
		}
		t.Done("%-18s %-9s %s  %s", e.Process, e.State, e.URL, paint(t.Out, color.FgHiBlack, how))
		if e.Detail != "" {
			t.Step(e.Process + ": " + e.Detail)
		}
	case supervise.Unhealthy, supervise.Backoff:
		t.Warn("%s: %s", line, e.Detail)
	case supervise.Failed:
		t.print(fmt.Sprintf("%s %s: %s\n", paint(t.Out, color.FgRed, "✗"), line, e.Detail))
	case supervise.Stopped:
		t.Done("%s", line)
	case supervise.Succeeded:
		if e.Detail != "" {
			line += "  " + paint(t.Out, color.FgHiBlack, e.Detail)
		}
		t.Done("%s", line)
	case supervise.Starting:
		if e.Detail != "" {
			t.Step(line + ": " + e.Detail)
		}
	}
}

// Status prints what runs as a table.
func (t Terminal) Status(st supervise.Status) { t.together(func(t Terminal) { t.status(st) }) }

func (t Terminal) status(st supervise.Status) {
	if st.Elsewhere != "" {
		t.Warn("this project was started in another container (%s); this is how it was when it was last written down", st.Elsewhere)
	} else if !st.Supervisor.Alive && st.Running {
		t.Warn("the supervisor is gone; its processes run on unwatched")
	}
	rows := [][]string{{"PROCESS", "STATE", "PID", "URL", "UPTIME", "CPU", "MEMORY", "RESTARTS", "MODULES"}}
	for _, p := range st.Processes {
		row := []string{p.Name, string(p.State), "-", p.URL, "-", "-", "-", fmt.Sprint(p.Restarts), strings.Join(p.Modules, ",")}
		if p.External {
			row[2] = "external"
		}
		if p.PID != 0 {
			row[2] = fmt.Sprint(p.PID)
			row[4] = seconds(time.Duration(p.UptimeSeconds * float64(time.Second)))
			row[5] = fmt.Sprintf("%.1f %%", p.CPUPercent)
			row[6] = fmt.Sprintf("%.1f MB", float64(p.RSSBytes)/1e6)
		}
		rows = append(rows, row)
	}
	t.table(rows, func(column int, cell string) color.Attribute {
		if column == 1 {
			return stateColor(supervise.State(cell))
		}
		return color.Reset
	})
	for _, text := range st.Warnings {
		t.Warn("%s", printable.Line(text))
	}
	for _, p := range st.Processes {
		if p.Debug != 0 {
			t.Step(fmt.Sprintf("%s: debugger 127.0.0.1:%d", p.Name, p.Debug))
		}
		switch {
		case p.Detail == "":
		case p.State == supervise.Succeeded:
			t.Done("%s %s: %s", p.Name, p.State, printable.Line(p.Detail))
		default:
			t.Warn("%s %s%s: %s", p.Name, p.State, forHowLong(p), printable.Line(p.Detail))
		}
		for _, line := range p.LastLines {
			fmt.Fprintf(t.Out, "    %s\n", printable.Line(line))
		}
	}
}

// forHowLong is of a process that somebody may have to look after.
func forHowLong(p supervise.ProcessStatus) string {
	if p.State != supervise.Unhealthy || p.StateSeconds == 0 {
		return ""
	}
	return " for " + seconds(time.Duration(p.StateSeconds*float64(time.Second)))
}

func stateColor(s supervise.State) color.Attribute {
	switch s {
	case supervise.Healthy, supervise.Succeeded:
		return color.FgGreen
	case supervise.Failed, supervise.Unhealthy:
		return color.FgRed
	case supervise.Stopped:
		return color.FgHiBlack
	}
	return color.FgYellow
}

// table prints a head and rows in aligned columns, each cell in the colour that
// it is to have; color.Reset is none.
func (t Terminal) table(rows [][]string, colour func(column int, cell string) color.Attribute) {
	t.together(func(t Terminal) { t.drawTable(rows, colour) })
}

func (t Terminal) drawTable(rows [][]string, colour func(column int, cell string) color.Attribute) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			cell = printable.Line(cell)
			row[i] = cell
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for r, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			with := color.FgHiBlack
			if r > 0 {
				with = colour(i, cell)
			}
			if with == color.Reset || cell == "" {
				b.WriteString(cell)
			} else {
				b.WriteString(paint(t.Out, with, cell))
			}
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		fmt.Fprintln(t.Out, strings.TrimRight(b.String(), " "))
	}
}

// Table prints a head and rows in aligned columns.
func (t Terminal) Table(rows [][]string) {
	t.table(rows, func(int, string) color.Attribute { return color.Reset })
}

// Projects prints what runs on this machine as a table.
func (t Terminal) Projects(all []supervise.Project) {
	rows := [][]string{{"FOLDER", "URL", "PROCESSES", "HEALTHY", "SUPERVISOR"}}
	for _, p := range all {
		row := []string{p.Folder, p.URL, fmt.Sprint(p.Processes), fmt.Sprint(p.Healthy), fmt.Sprint(p.Supervisor)}
		if p.Supervisor == 0 { // nobody looks after their health
			row[3], row[4] = "-", "-"
		}
		rows = append(rows, row)
	}
	if len(all) == 0 {
		t.Done("nothing runs")
		return
	}
	t.Table(rows)
}

// Routes prints the gateway's table: kind, URL, server, instances and what is
// wrong with a route, if anything.
func (t Terminal) Routes(rows [][]string) {
	head := []string{"KIND", "URL", "SERVER", "INSTANCES", ""}
	t.table(append([][]string{head}, rows...), func(column int, _ string) color.Attribute {
		if column == len(head)-1 {
			return color.FgRed
		}
		return color.Reset
	})
}
