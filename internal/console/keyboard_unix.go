//go:build unix

package console

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// keyboard hands out what is typed at a terminal, at once and without an echo. All
// else that a terminal does (Ctrl-C, Ctrl-Z, the ends of lines) stays as it is.
type keyboard struct {
	fd    int
	guard *json.Encoder
	wake  *os.File

	mu   sync.Mutex
	mode modes // the last that was set
	set  bool
}

// modes are a terminal's before it was changed, and since.
type modes struct{ Was, Ours unix.Termios }

// awayLook is how often a job in the background looks whether it is in the foreground
// again: of that it is not always told.
const awayLook = 200 * time.Millisecond

// read calls typed with what is typed at in until ctx ends, while this job has the
// terminal: in the background one that reads is stopped. The terminal is as it was
// afterwards, whatever ends this program.
func readKeys(ctx context.Context, in *os.File, typed func([]byte)) error {
	k := &keyboard{fd: int(in.Fd())}
	end, err := k.startGuard(in)
	if err != nil {
		return err
	}
	defer end()
	woken, wake, err := os.Pipe()
	if err != nil {
		return err
	}
	defer woken.Close()
	defer wake.Close()
	k.wake = wake
	defer context.AfterFunc(ctx, k.look)()
	defer k.followJob()()
	defer k.restore()
	buf := make([]byte, 1024)
	for ctx.Err() == nil {
		fds := []unix.PollFd{{Fd: int32(woken.Fd()), Events: unix.POLLIN}}
		wait := int(awayLook.Milliseconds())
		if k.begin() {
			fds, wait = append(fds, unix.PollFd{Fd: int32(k.fd), Events: unix.POLLIN}), -1
		}
		if _, err := unix.Poll(fds, wait); err != nil && err != unix.EINTR {
			return err
		}
		if fds[0].Revents != 0 {
			woken.Read(buf)
			continue
		}
		if len(fds) == 1 || fds[1].Revents == 0 || !inForeground(k.fd) {
			continue
		}
		n, err := unix.Read(k.fd, buf)
		if err == unix.EINTR || err == unix.EAGAIN {
			continue
		}
		if err != nil || n == 0 { // it was hung up
			return err
		}
		typed(buf[:n])
	}
	return nil
}

func (k *keyboard) look() { k.wake.Write([]byte{0}) }

// begin changes the terminal, unless another job has it, and tells whether it is ours.
func (k *keyboard) begin() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !inForeground(k.fd) {
		k.set = false
		return false
	}
	if k.set {
		return true
	}
	now, err := unix.IoctlGetTermios(k.fd, getMode)
	if err != nil {
		return false
	}
	m := modes{Was: *now, Ours: *now}
	m.Ours.Lflag &^= unix.ICANON | unix.ECHO
	m.Ours.Cc[unix.VMIN], m.Ours.Cc[unix.VTIME] = 1, 0
	if k.guard.Encode(m) != nil { // nobody would restore it
		return false
	}
	k.mode, k.set = m, unix.IoctlSetTermios(k.fd, setMode, &m.Ours) == nil
	shared.again() // behind what the job that had it has left
	return k.set
}

// restore gives the terminal back as it was.
func (k *keyboard) restore() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.set && inForeground(k.fd) {
		k.mode.restore(k.fd)
	}
	k.set = false
}

// restore leaves a terminal alone that somebody else has changed since.
func (m modes) restore(fd int) {
	if now, err := unix.IoctlGetTermios(fd, getMode); err == nil && *now == m.Ours {
		unix.IoctlSetTermios(fd, setMode, &m.Was)
	}
}

// followJob gives the terminal back before this job stops, and takes it again when it
// goes on, until the function that it returns is called.
func (k *keyboard) followJob() (end func()) {
	stops, goesOn := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(goesOn, syscall.SIGCONT)
	if !signal.Ignored(syscall.SIGTSTP) {
		signal.Notify(stops, syscall.SIGTSTP)
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-goesOn:
			case <-stops:
				k.restore()
				shared.hide()
				// It stops as SIGTSTP would, which Go keeps once it was asked for it: not
				// if there is no shell that could continue it.
				syscall.Kill(os.Getpid(), syscall.SIGTTOU)
				select {
				case <-goesOn:
				case <-time.After(time.Second):
				}
			}
			k.look()
		}
	}()
	return func() {
		signal.Stop(stops)
		signal.Stop(goesOn)
		close(done)
		<-ended
	}
}

// guardName is argv[0] of the guard, which is this same binary.
const guardName = "muster-terminal"

// startGuard starts a process that gives the terminal back if this one cannot: one
// that is killed is asked nothing. It is in a group of its own, so that it is not
// killed with ours.
func (k *keyboard) startGuard(in *os.File) (end func(), err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command(exe)
	cmd.Args, cmd.Env, cmd.Dir = []string{guardName}, []string{}, "/"
	cmd.Stdin, cmd.ExtraFiles = r, []*os.File{in}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	k.guard = json.NewEncoder(w)
	return func() {
		w.Close()
		cmd.Wait()
	}, nil
}

// GuardTerminal is the guard, and does not return, if this process was started to be
// it. It is to be called before anything else.
func GuardTerminal() {
	if len(os.Args) != 1 || os.Args[0] != guardName {
		return
	}
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU)
	const terminal = 3
	last := modes{}
	for in := json.NewDecoder(os.Stdin); ; {
		m := modes{}
		if err := in.Decode(&m); err != nil {
			if err == io.EOF {
				last.restore(terminal)
			}
			os.Exit(0)
		}
		last = m
	}
}
