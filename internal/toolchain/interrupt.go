package toolchain

import (
	"context"
	"os"
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
