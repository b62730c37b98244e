//go:build !unix

package toolchain

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
)

func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt)
}

func ownGroup(*exec.Cmd) {}

func killGroup(*exec.Cmd) {}

// lock does nothing: two starts at one moment both look.
func lock(ctx context.Context, _ string) (unlock func(), err error) {
	return func() {}, ctx.Err()
}
