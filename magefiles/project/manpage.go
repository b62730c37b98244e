package project

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// manPage writes muster.1 of what the binary, called with -l and -h, says of its
// targets.
func manPage(version string, date time.Time, ask func(args ...string) (string, error)) ([]byte, error) {
	list, err := ask("-l")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH MUSTER 1 %q %q\n", date.UTC().Format(time.DateOnly), roff("muster "+version))
	b.WriteString(`.SH NAME
muster \- run a project's whole development stack
.SH SYNOPSIS
.B muster
.I TARGET
.RI [ \-option=value ...]
.br
.B muster \-l
.br
.B muster \-h
.I TARGET
.SH DESCRIPTION
Servers, the gateway in front of them, workers, databases, tasks, frontends and logs,
of one file: the nearest
.I dev\-config.yaml
in this folder and those above, or that of
.BR \-config= .
.SH TARGETS
`)
	for _, name := range targetsIn(list) {
		text, err := ask("-h", name)
		if err != nil {
			return nil, err
		}
		does, usage, _ := strings.Cut(text, "\nUsage:\n")
		fmt.Fprintf(&b, ".TP\n.B %s\n", roff(name+arguments(usage)))
		for i, paragraph := range strings.Split(strings.TrimSpace(does), "  ") { // go/doc's blank lines
			if i > 0 {
				b.WriteString(".IP\n")
			}
			b.WriteString(roff(paragraph) + "\n")
		}
	}
	b.WriteString(`.SH EXIT STATUS
0 done, 1 failed, 2 wrong use or configuration; of backend:status also 3, something is
unhealthy, and 4, nothing runs.
.SH ENVIRONMENT
.TP
.B MUSTER_CONFIG
the configuration, in place of the nearest one
.TP
.B MUSTER_PROFILES
profiles that are active, separated by commas
.TP
.B MUSTER_NO_INSTALL
1: nothing is installed
.TP
.B NO_COLOR
no colour
.SH FILES
.TP
.I .local/
beside the configuration: state, logs and all that is generated
`)
	return b.Bytes(), nil
}

var (
	listedTarget = pattern(`(?m)^  ([a-z]+:[A-Za-z]+)\*? `)
	usageFlag    = pattern(`(?m)^\t(-\w+)=<([\w.]+)>$`)
	usageWord    = pattern(`<(\w+)>`)
)

func targetsIn(list string) (names []string) {
	for _, m := range listedTarget().FindAllStringSubmatch(list, -1) {
		names = append(names, m[1])
	}
	return names
}

// arguments are the words and options of a target's usage.
func arguments(usage string) string {
	line, flags, _ := strings.Cut(usage, "\nFlags:")
	var all string
	for _, m := range usageWord().FindAllStringSubmatch(line, -1) {
		if m[1] != "flags" {
			all += " " + strings.ToUpper(m[1])
		}
	}
	for _, m := range usageFlag().FindAllStringSubmatch(flags, -1) {
		switch m[2] {
		case "bool":
			all += " [" + m[1] + "]"
		default:
			all += " [" + m[1] + "=" + strings.ToUpper(m[2][strings.LastIndexByte(m[2], '.')+1:]) + "]"
		}
	}
	return all
}

// roff is a text in which a line begins no request, and a dash is one that can be typed.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", "'", "\n", " ").Replace(strings.TrimSpace(text))
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
