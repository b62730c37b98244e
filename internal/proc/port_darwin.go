package proc

import (
	"os/exec"
	"strconv"
	"strings"
)

// PortHolder asks lsof, which every macOS has.
func PortHolder(port int) Holder {
	out, _ := exec.Command("lsof", "-nP", "-iTCP:"+strconv.Itoa(port), "-sTCP:LISTEN", "-Fpc").Output()
	var h Holder
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "p") && h.PID == 0:
			h.PID, _ = strconv.Atoi(line[1:])
		case strings.HasPrefix(line, "c") && h.Command == "":
			h.Command = line[1:]
		}
	}
	return h
}

// connected asks lsof, which ends with 1 when it finds nothing.
func connected(port int) bool {
	return exec.Command("lsof", "-nP", "-iTCP:"+strconv.Itoa(port), "-sTCP:ESTABLISHED").Run() == nil
}

// inheritSocket finds none: macOS gives no other process's descriptors.
func inheritSocket(exitWatch, int, int) Socket { return NoSocket }
