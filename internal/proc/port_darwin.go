package proc

import (
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
)

// PortHolder asks lsof, which every macOS has.
func PortHolder(port int) Holder {
	out, _ := exec.Command("lsof", "-nP", "-iTCP:"+strconv.Itoa(port), "-sTCP:LISTEN", "-Fpc").Output()
	h := Holder{Lingering: len(out) == 0}
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

// listeners asks lsof; what it calls a socket is "pid descriptor".
func listeners() map[string]netip.AddrPort {
	out, _ := exec.Command("lsof", "-nP", "-iTCP", "-sTCP:LISTEN", "-Fpfn").Output()
	at := map[string]netip.AddrPort{}
	var pid, fd string
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "p"):
			pid = line[1:]
		case strings.HasPrefix(line, "f"):
			fd = line[1:]
		case strings.HasPrefix(line, "n"):
			end := strings.Replace(line[1:], "*", "[::]", 1)
			if a, err := netip.ParseAddrPort(end); err == nil {
				at[pid+" "+fd] = a
			}
		}
	}
	return at
}

// heldBy are those of the sockets that a process has open.
func heldBy(pid int, sockets map[string]netip.AddrPort) []netip.AddrPort {
	var held []netip.AddrPort
	for s, at := range sockets {
		if strings.HasPrefix(s, strconv.Itoa(pid)+" ") {
			held = append(held, at)
		}
	}
	return held
}
