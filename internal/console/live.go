package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"slices"

	"muster/internal/printable"
	"muster/internal/supervise"
)

// Watch shows statuses, each in the place of the one before where Out is a terminal,
// and else below it if anything but uptime and usage differs. Of the CPU it shows what
// was used since the one before.
func (t Terminal) Watch(ctx context.Context, next <-chan supervise.Status, asJSON bool) error {
	f, _ := t.Out.(*os.File)
	inPlace := !asJSON && f != nil && terminal(f)
	moved := make(chan os.Signal, 1)
	if inPlace {
		notifyMoved(moved)
		defer signal.Stop(moved)
	}
	lines, before, shown := 0, supervise.Status{}, ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-moved: // the lines above are others', or broken
			lines = 0
		case st := <-next:
			was := shown
			if shown = settled(st, asJSON); !inPlace && shown == was {
				continue
			}
			if asJSON {
				line, err := json.Marshal(st)
				if err == nil {
					err = shared.print(t.Out, append(printable.JSON(line), '\n'))
				}
				if err != nil {
					return err
				}
				continue
			}
			now := since(before, st)
			before = st
			if !inPlace {
				t.StatusOrNothing(now)
				continue
			}
			if inForeground(int(f.Fd())) {
				lines = redraw(f, lines, now)
			}
		}
	}
}

// redraw draws a status over as many lines, and returns how many it has.
func redraw(f *os.File, over int, st supervise.Status) int {
	g := &gathered{of: f}
	Terminal{g}.StatusOrNothing(st)
	rows := bytes.SplitAfter(g.Bytes(), []byte("\n"))
	rows = rows[:len(rows)-1] // behind the last line end
	if height, _ := terminalSize(f); height > 2 && len(rows) >= height {
		more := len(rows) - height + 2
		rows = append(rows[:len(rows)-more:len(rows)-more], fmt.Appendf(nil, "... %d more lines\n", more))
	}
	var b bytes.Buffer
	if over > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", over)
	}
	b.WriteString("\r\x1b[J\x1b[?7l") // the terminal cuts what is too long
	for _, row := range rows {
		b.Write(row)
	}
	b.WriteString("\x1b[?7h")
	shared.print(f, b.Bytes())
	return len(rows)
}

// StatusOrNothing is Status, also of what does not run.
func (t Terminal) StatusOrNothing(st supervise.Status) {
	if !st.Running && st.Healthy() {
		t.Done("nothing runs")
		return
	}
	t.Status(st)
}

// settled is what is shown of a status, but for what changes all the time.
func settled(st supervise.Status, asJSON bool) string {
	st.Processes = slices.Clone(st.Processes)
	for i := range st.Processes {
		p := &st.Processes[i]
		p.UptimeSeconds, p.StateSeconds, p.CPUPercent, p.RSSBytes = 0, 0, 0, 0
	}
	g := &gathered{}
	if asJSON {
		JSON(g, st)
	} else {
		Terminal{g}.StatusOrNothing(st)
	}
	return g.String()
}

// since is a status with the CPU that was used since the one before.
func since(before, now supervise.Status) supervise.Status {
	was := map[string]supervise.ProcessStatus{}
	for _, p := range before.Processes {
		was[p.Name] = p
	}
	now.Processes = slices.Clone(now.Processes)
	for i, p := range now.Processes {
		w := was[p.Name]
		if span := p.UptimeSeconds - w.UptimeSeconds; w.PID == p.PID && w.PID != 0 && span > 0.1 {
			now.Processes[i].CPUPercent = max(0, (p.CPUPercent*p.UptimeSeconds-w.CPUPercent*w.UptimeSeconds)/span)
		}
	}
	return now
}
