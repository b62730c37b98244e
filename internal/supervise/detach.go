package supervise

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/proc"
)

// residentName is argv[0] of the supervisor's process, and what ps(1) shows.
const residentName = "muster-supervisor"

// The descriptors that the launching command hands over.
const (
	lockFD   = proc.SupervisorLockFD
	socketFD = 4
	claimsFD = 5 // the first of the Claims, which it does nothing with but to have them
)

// launchSupervisor starts one for the project, detached from this command and
// its terminal, and hands it the lock and the control socket, on which it can
// be asked at once.
func launchSupervisor(dir local.Dir, lock *os.File, exe string, opts logs.Options, claims []*os.File) error {
	l, err := listenSocket(dir)
	if err != nil {
		return err
	}
	defer l.Close()
	sock, err := l.File()
	if err != nil {
		return err
	}
	defer sock.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	out, err := proc.OpenLog(dir.Log(supervisorName))
	if err != nil {
		out = null // the supervisor warns of the log that it cannot follow either
	} else {
		defer out.Close()
	}
	p, err := os.StartProcess(exe, []string{residentName, string(dir),
		strconv.FormatInt(opts.MaxSize, 10), strconv.Itoa(opts.MaxFiles)}, &os.ProcAttr{
		Dir:   dir.Project(),
		Env:   append(residentEnv(os.Environ()), proc.SupervisorMark(dir)),
		Files: append([]*os.File{null, out, out, lock, sock}, claims...),
		Sys:   proc.OwnSession(),
	})
	if err != nil {
		os.Remove(dir.Socket()) // nobody would answer it
		return fmt.Errorf("start the supervisor: %w", err)
	}
	go p.Wait() // it may end before this command does
	return nil
}

// residentEnv is the environment that all processes inherit: this command's,
// less what only concerns itself.
func residentEnv(env []string) []string {
	return slices.DeleteFunc(proc.WithoutMark(env), func(kv string) bool { return strings.HasPrefix(kv, "MAGEFILE_") })
}
