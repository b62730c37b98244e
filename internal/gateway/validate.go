package gateway

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"muster/internal/config"
	"muster/internal/local"
)

// ConfError is nginx's complaint about a configuration file.
type ConfError struct {
	File      string // "" where nginx names none
	Line      int
	Directive string // the text of that line
	Message   string
}

func (e *ConfError) Error() string {
	if e.File == "" {
		return "nginx does not accept the configuration: " + e.Message
	}
	s := fmt.Sprintf("%s:%d: nginx: %s", e.File, e.Line, e.Message)
	if e.Directive != "" {
		s += "\n\t" + e.Directive
	}
	return s
}

// Validate has nginx test the configuration file conf (`nginx -t`), as the user
// that runs this program. It is safe while another nginx runs on the same
// folder. Warnings are no errors.
func Validate(ctx context.Context, c *config.Config, b Binary, conf string) error {
	if err := Prepare(c); err != nil {
		return err
	}
	// The test leaves an empty pid file behind where there was none.
	pid := c.Local().NginxPid()
	if _, err := os.Lstat(pid); errors.Is(err, os.ErrNotExist) {
		defer func() {
			if st, err := os.Lstat(pid); err == nil && st.Size() == 0 {
				os.Remove(pid)
			}
		}()
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out, err := b.Run(ctx, append(b.Args(c, conf)[1:], "-t", "-q")...)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("test %s with nginx: %w", conf, ctx.Err())
	}
	if e := parseComplaint(out); e != nil {
		e.Directive = lineOf(e.File, e.Line)
		return e
	}
	return fmt.Errorf("test %s with %s: %w", conf, b.Path, err)
}

// parseComplaint finds the error in nginx's output, whose lines read
// `nginx: [emerg] MESSAGE in FILE:LINE`, the place not always being there.
func parseComplaint(out string) *ConfError {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		_, msg, ok := strings.Cut(line, "[emerg] ")
		if !ok {
			continue
		}
		e := &ConfError{Message: msg}
		if i := strings.LastIndex(msg, " in "); i >= 0 {
			place := msg[i+len(" in "):]
			if j := strings.LastIndexByte(place, ':'); j > 0 {
				if n, err := strconv.Atoi(place[j+1:]); err == nil {
					e.File, e.Line, e.Message = place[:j], n, msg[:i]
				}
			}
		}
		return e
	}
	return nil
}

func lineOf(file string, n int) string {
	data, _ := local.Read(file, local.MaxState)
	lines := strings.Split(string(data), "\n")
	if n < 1 || n > len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[n-1])
}
