package supervise

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// The pace of health checks. A start is polled quickly, because somebody
// waits for it; a process that stays healthy is asked ever more rarely, down
// to its interval.
const (
	pollFirst   = 5 * time.Millisecond
	pollFast    = 10 * time.Millisecond  // for the first second: most servers need less
	pollSlow    = 100 * time.Millisecond // for a slow start
	pollCommand = 250 * time.Millisecond // where a program has to be started for it
	checkFirst  = time.Second            // after it became healthy
)

// verdict is the outcome of one health check.
type verdict int

const (
	verdictHealthy verdict = iota
	verdictSick            // it answered that it is not well
	verdictRefused         // nobody listens
	verdictHung            // it let us wait for all of the time there was
	verdictForeign         // somebody else answers on its port
)

// checkResult is one answered (or unanswered) check.
type checkResult struct {
	verdict verdict
	reason  string        // for a person; "" when healthy
	cause   Cause         // for a program
	took    time.Duration // until the answer
	note    string        // what a person should know of a good answer

	late       bool // the start's time is over
	workerless bool // it is a reloader that waits for a change of the sources
}

// check asks once whether a process serves, and waits for the answer for at
// most limit. A hung server is told from a slow one only by that limit, so it
// is several times what an answer should take.
func check(ctx context.Context, dir local.Dir, shell []string, p *plan.Process, limit time.Duration) checkResult {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var err error
	var note string
	switch h := p.Health; {
	case h.Path != "":
		note, err = checkHTTP(ctx, p)
	case h.TCP:
		err = checkTCP(ctx, p)
	case len(h.Command) > 0:
		if err = checkCommand(ctx, dir, shell, p); err != nil {
			err = commandError{err}
		}
	}
	res := checkResult{took: time.Since(start), note: note}
	switch {
	case err == nil:
		return res
	case errors.Is(err, syscall.ECONNREFUSED):
		res.verdict, err = verdictRefused, fmt.Errorf("nobody listens on %s", address(p))
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		res.verdict, err = verdictHung, fmt.Errorf("no answer within %s", limit.Round(10*time.Millisecond))
	default:
		res.verdict = verdictSick
	}
	res.cause = causeOfCheck(res.verdict, err)
	res.reason = err.Error()
	return res
}

// maxStatusLine is more than any server's status line has, in bytes.
const maxStatusLine = 1 << 10

func address(p *plan.Process) string { return net.JoinHostPort(p.Host, strconv.Itoa(p.Port)) }

func dial(ctx context.Context, p *plan.Process) (net.Conn, error) {
	var d net.Dialer
	var first error // the second address may be of an IPv6 that is not there
	for _, host := range proc.Addresses(p.Host) {
		conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(p.Port)))
		if err == nil {
			if deadline, ok := ctx.Deadline(); ok {
				conn.SetDeadline(deadline)
			}
			return conn, nil
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

func checkTCP(ctx context.Context, p *plan.Process) error {
	conn, err := dial(ctx, p)
	if err != nil {
		return err
	}
	return conn.Close()
}

// checkHTTP asks for the health path. The request is written by hand: an HTTP
// client would be most of what the supervisor weighs.
func checkHTTP(ctx context.Context, p *plan.Process) (note string, err error) {
	conn, err := dial(ctx, p)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: muster-health\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		p.Health.Path, address(p))
	if err != nil {
		return "", err
	}
	line, err := bufio.NewReader(io.LimitReader(conn, maxStatusLine)).ReadString('\n')
	if err != nil && line == "" {
		return "", fmt.Errorf("GET %s: %w", p.Health.Path, err)
	}
	version, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	code, _, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(code)
	if !strings.HasPrefix(version, "HTTP/1.") || err != nil {
		return "", fmt.Errorf("GET %s: not an HTTP answer: %.40q", p.Health.Path, line)
	}
	if n >= 500 || n >= 400 && !p.Health.AnyAnswer {
		return "", statusError{fmt.Errorf("GET %s: status %d", p.Health.Path, n), n}
	}
	if n == 404 {
		note = fmt.Sprintf("GET %s is 404, and any answer counts: say health.path if there is a better one", p.Health.Path)
	}
	return note, nil
}

// checkCommand runs the health command. What it says is no log of the process:
// its last line is told with its failure.
func checkCommand(ctx context.Context, dir local.Dir, shell []string, p *plan.Process) error {
	cmd := *p
	cmd.Name, cmd.Args = p.Name+".health", p.Health.Command // a mark of its own: what it leaves is not the process's
	exe, err := plan.LookPath(cmd.Args[0], p.Dir, p.Env)
	if err != nil {
		return err
	}
	cmd.Exe = exe
	said, out, err := os.Pipe()
	if err != nil {
		return err
	}
	defer said.Close()
	spec := program(dir, shell, cmd, proc.NoSocket)
	spec.Output, spec.Grace = out, 0
	c, err := proc.Spawn(spec)
	out.Close()
	if err != nil {
		return err
	}
	last := make(chan string, 1)
	go func() { last <- lastLine(said) }()
	stop := context.AfterFunc(ctx, func() { c.Signal(syscall.SIGKILL) })
	defer stop()
	e := c.WaitAll(func(proc.Identity) {})
	if err := ctx.Err(); err != nil {
		return err
	}
	if e.OK() {
		return nil
	}
	said.SetReadDeadline(time.Now().Add(lastWord)) // what left its group may hold on to the other end
	if line := <-last; line != "" {
		return fmt.Errorf("%s: %s: %.200s", p.Health.Command[0], e, line)
	}
	return fmt.Errorf("%s: %s", p.Health.Command[0], e)
}

// lastWord is how long the last line of a command is waited for that has ended.
const lastWord = 100 * time.Millisecond

// lastLine reads to the end and keeps the last line that is not empty.
func lastLine(r io.Reader) (last string) {
	in := bufio.NewReaderSize(r, maxStatusLine)
	for {
		line, err := in.ReadSlice('\n')
		if text := strings.TrimSpace(string(line)); text != "" {
			last = text
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return last
		}
	}
}
