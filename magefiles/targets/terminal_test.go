//go:build linux

package targets_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// pty is a terminal with a program in it, as a person has them.
type pty struct {
	master, slave *os.File
	cmd           *exec.Cmd
	ended         chan struct{}

	mu  sync.Mutex
	out string
	at  int // behind what was looked for
}

type ptyKey struct{} // *pty, the script's last

func ptyOf(ts *testscript.TestScript) *pty { return *ts.Value(ptyKey{}).(**pty) }

// terminal [-size=COLSxROWS] PROGRAM [ARG...] starts a program at a terminal of its own.
func terminal(ts *testscript.TestScript, neg bool, args []string) {
	size := unix.Winsize{Col: 120, Row: 40}
	if s, ok := strings.CutPrefix(args[0], "-size="); ok {
		_, err := fmt.Sscanf(s, "%dx%d", &size.Col, &size.Row)
		ts.Check(err)
		args = args[1:]
	}
	p := &pty{ended: make(chan struct{})}
	var err error
	p.master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	ts.Check(err)
	raw, err := p.master.SyscallConn()
	ts.Check(err)
	n := 0
	ts.Check(raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
		unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &size)
	}))
	ts.Check(err)
	p.slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	ts.Check(err)
	exe, err := exec.LookPath(args[0])
	if args[0] == "muster" {
		exe, err = os.Getenv(binaryVar), nil
	}
	ts.Check(err)
	p.cmd = exec.Command(exe, args[1:]...)
	p.cmd.Args[0] = args[0]
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = []string{"TERM=xterm", "CI=" + ts.Getenv("CI")}
	for _, name := range []string{"PATH", "HOME", "GOCACHE", "GOMODCACHE", "GOPATH", "MUSTER_CONFIG", "MUSTER_TRUST", "NO_PROXY", "NO_COLOR"} {
		p.cmd.Env = append(p.cmd.Env, name+"="+ts.Getenv(name))
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = p.slave, p.slave, p.slave
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(p.cmd.Start())
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 64<<10)
		for {
			n, err := p.master.Read(buf)
			if err != nil {
				return
			}
			p.mu.Lock()
			p.out += string(buf[:n])
			p.mu.Unlock()
		}
	}()
	ts.Defer(func() {
		p.cmd.Process.Kill()
		<-p.ended
		p.slave.Close()
		p.master.Close()
		<-read
	})
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
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		p.mu.Lock()
		out := p.out[p.at:]
		found := re.FindStringIndex(out)
		if found != nil && !neg {
			p.at += found[1]
		}
		p.mu.Unlock()
		if neg {
			if found != nil {
				ts.Fatalf("the terminal shows %q", out[found[0]:found[1]])
			}
			return
		}
		if found != nil {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("the terminal does not show %q but %q", args[0], out)
		}
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
		ts.Fatalf("it does not end, and shows %q", p.out[p.at:])
	}
}
