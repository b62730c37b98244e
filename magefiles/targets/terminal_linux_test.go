package targets_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// pty is a terminal with a program in it, as a person has them.
type pty struct {
	master, slave *os.File
	cmd           *exec.Cmd
	ended, read   chan struct{}

	mu    sync.Mutex
	out   []byte // behind what was looked for
	lines int    // that were shown
}

type ptyKey struct{} // **pty, the script's last

func setUpTerminals(env *testscript.Env) { env.Values[ptyKey{}] = new(*pty) }

// withTerminals adds the commands of scripts that somebody at a terminal gives.
func withTerminals(all map[string]command) map[string]command {
	maps.Copy(all, map[string]command{"terminal": terminal, "type": typeKeys, "shows": shows, "mode": mode, "over": over, "killjob": killJob})
	return all
}

func ptyOf(ts *testscript.TestScript) *pty { return *ts.Value(ptyKey{}).(**pty) }

// newPTY starts a program at a terminal of its own.
func newPTY(cmd *exec.Cmd, size unix.Winsize) (p *pty, err error) {
	p = &pty{cmd: cmd, ended: make(chan struct{}), read: make(chan struct{})}
	if p.master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0); err != nil {
		return nil, err
	}
	n := 0
	p.ask(func(fd int) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		}
		unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &size)
	})
	if err == nil {
		p.slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err == nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = p.slave, p.slave, p.slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		err = cmd.Start()
	}
	if err != nil {
		p.master.Close()
		return nil, err
	}
	go func() {
		cmd.Wait()
		close(p.ended)
	}()
	go func() {
		defer close(p.read)
		buf := make([]byte, 64<<10)
		for {
			n, err := p.master.Read(buf)
			if err != nil {
				return
			}
			p.mu.Lock()
			p.out = append(p.out, buf[:n]...)
			p.lines += bytes.Count(buf[:n], []byte("\n"))
			p.mu.Unlock()
		}
	}()
	return p, nil
}

func (p *pty) close() {
	p.cmd.Process.Kill()
	<-p.ended
	p.slave.Close()
	p.master.Close()
	<-p.read
}

// ask asks the terminal itself.
func (p *pty) ask(what func(fd int)) {
	if raw, err := p.master.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { what(int(fd)) })
	}
}

// shows waits for text behind the one that was last waited for; what has come is "" then.
func (p *pty) shows(re *regexp.Regexp, wait time.Duration) (came string) {
	for end := time.Now().Add(wait); ; time.Sleep(time.Millisecond) {
		p.mu.Lock()
		found := re.FindIndex(p.out)
		if found != nil {
			p.out = p.out[found[1]:]
		}
		out := p.out
		p.mu.Unlock()
		if found != nil {
			return ""
		}
		if time.Now().After(end) {
			return fmt.Sprintf("%q", out)
		}
	}
}

// terminal [-size=COLSxROWS] PROGRAM [ARG...] starts a program at a terminal of its own.
func terminal(ts *testscript.TestScript, neg bool, args []string) {
	size := unix.Winsize{Col: 120, Row: 40}
	if s, ok := strings.CutPrefix(args[0], "-size="); ok {
		_, err := fmt.Sscanf(s, "%dx%d", &size.Col, &size.Row)
		ts.Check(err)
		args = args[1:]
	}
	exe, err := exec.LookPath(args[0])
	if args[0] == "muster" {
		exe, err = os.Getenv(binaryVar), nil
	}
	ts.Check(err)
	cmd := exec.Command(exe, args[1:]...)
	cmd.Args[0], cmd.Dir = args[0], ts.MkAbs(".")
	cmd.Env = []string{"TERM=xterm", "CI=" + ts.Getenv("CI")}
	for _, name := range []string{"PATH", "HOME", "GOCACHE", "GOMODCACHE", "GOPATH", "MUSTER_CONFIG", "MUSTER_TRUST", "NO_PROXY", "NO_COLOR"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	p, err := newPTY(cmd, size)
	ts.Check(err)
	ts.Defer(p.close)
	*ts.Value(ptyKey{}).(**pty) = p
}

// type TEXT types at the terminal; \n, \x1b and their like are what they are in Go.
func typeKeys(ts *testscript.TestScript, neg bool, args []string) {
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(strings.Join(args, " "), `"`, `\"`) + `"`)
	ts.Check(err)
	_, err = ptyOf(ts).master.WriteString(text)
	ts.Check(err)
}

// shows REGEX waits for text at the terminal behind the one that was last waited for;
// ! shows says that what has come since does not match.
func shows(ts *testscript.TestScript, neg bool, args []string) {
	p, re := ptyOf(ts), regexp.MustCompile(args[0])
	if neg {
		p.mu.Lock()
		defer p.mu.Unlock()
		if found := re.Find(p.out); found != nil {
			ts.Fatalf("the terminal shows %q", found)
		}
		return
	}
	if came := p.shows(re, patience); came != "" {
		ts.Fatalf("the terminal does not show %q but %s", args[0], came)
	}
}

// mode whole waits until the terminal echoes and edits lines, mode keys until it does not.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	p := ptyOf(ts)
	want := map[string]uint32{"whole": unix.ICANON | unix.ECHO, "keys": 0}[args[0]]
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		now, err := unix.IoctlGetTermios(int(p.slave.Fd()), unix.TCGETS)
		ts.Check(err)
		if now.Lflag&(unix.ICANON|unix.ECHO) == want {
			if now.Lflag&unix.ISIG == 0 || now.Oflag&unix.OPOST == 0 {
				ts.Fatalf("signals or line ends are off")
			}
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("the terminal is not %s", args[0])
		}
	}
}

// over [SIGNAL] sends the program at the terminal a signal, if it names one, and waits
// for its end.
func over(ts *testscript.TestScript, neg bool, args []string) {
	p := ptyOf(ts)
	if len(args) > 0 {
		ts.Check(p.cmd.Process.Signal(unix.SignalNum("SIG" + args[0])))
	}
	select {
	case <-p.ended:
		if code := p.cmd.ProcessState.ExitCode(); (code == 0) == neg {
			ts.Fatalf("it ended with %d", code)
		}
	case <-time.After(patience):
		p.mu.Lock()
		defer p.mu.Unlock()
		ts.Fatalf("it does not end, and shows %q", p.out)
	}
}

// killjob kills the whole job that has the terminal.
func killJob(ts *testscript.TestScript, neg bool, args []string) {
	group, err := 0, error(nil)
	ptyOf(ts).ask(func(fd int) { group, err = unix.IoctlGetInt(fd, unix.TIOCGPGRP) })
	ts.Check(err)
	ts.Check(unix.Kill(-group, unix.SIGKILL))
}

// BenchmarkKeys measures how long an answer takes at a terminal at which 50,000 lines
// a second go by:
//
//	go test ./magefiles/targets -run '^$' -bench Keys -benchtime 200x
func BenchmarkKeys(b *testing.B) {
	dir := b.TempDir()
	file := filepath.Join(dir, "dev-config.yaml")
	if err := os.WriteFile(file, []byte("workers:\n  flood: {command: [fake, -flood, \"50000\"]}\n  quiet: {command: [fake]}\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(os.Getenv(binaryVar), "backend:start", "-foreground", "-config="+file)
	cmd.Env = append(os.Environ(), "TERM=xterm", "CI=", "NO_COLOR=")
	p, err := newPTY(cmd, unix.Winsize{Col: 120, Row: 40})
	if err != nil {
		b.Fatal(err)
	}
	defer p.close()
	press := func(key, answer string) time.Duration {
		p.mu.Lock()
		p.out = nil
		p.mu.Unlock()
		began := time.Now()
		p.master.WriteString(key)
		if came := p.shows(regexp.MustCompile(answer), 10*time.Second); came != "" {
			b.Fatalf("%q is not answered: %.3000s", key, came)
		}
		return time.Since(began)
	}
	p.shows(regexp.MustCompile("Ctrl-C stops everything"), 10*time.Second)
	press("", "line 1[0-9]{5} ")
	var all []time.Duration
	p.mu.Lock()
	lines, began := p.lines, time.Now()
	p.mu.Unlock()
	for b.Loop() {
		all = append(all, press("h", "this help"), press("e", "errors only"), press("e", "all lines"))
		press("", "line ")
	}
	p.mu.Lock()
	lines = p.lines - lines
	p.mu.Unlock()
	b.ReportMetric(float64(lines)/time.Since(began).Seconds(), "lines/s")
	slices.Sort(all)
	b.ReportMetric(all[len(all)/2].Seconds()*1e3, "p50-ms")
	b.ReportMetric(all[len(all)*99/100].Seconds()*1e3, "p99-ms")
	b.ReportMetric(0, "ns/op")
	p.master.WriteString("q")
	<-p.ended
}
