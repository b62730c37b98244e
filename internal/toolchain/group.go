package toolchain

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
)

// interruptible ends its context at a signal that would end this program: an
// installer, in a group of its own, would go on without it. A signal that is
// ignored, as under nohup, stays so.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	endings := slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}, signal.Ignored)
	if len(endings) == 0 { // none would be all that there are
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, endings...)
}

// ownGroup makes a command the leader of a process group, which gets SIGTERM
// when its context ends: pip and apt-get start programs of their own.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}

// killGroup ends what an ended command left behind.
func killGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
