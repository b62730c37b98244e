package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"muster/internal/config"
	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
	"muster/internal/supervise"
)

// TakePorts gives a checkout with `ports: auto` its ports: those of its last start
// or, where others have them by now, the next ones. They are nobody else's as long as
// the client lives, or the supervisor that it launches.
func TakePorts(ctx context.Context, c *supervise.Client, cfg *config.Config, report Report) error {
	if !cfg.AutoPorts {
		return nil
	}
	dir := cfg.Local()
	if err := dir.Make(); err != nil {
		return err
	}
	release, err := local.Hold(ctx, dir.Pids(), nil) // one command chooses at a time
	if err != nil {
		return err
	}
	defer release()
	kept, again := cfg.KeptBlock()
	if again = again && kept.Units >= cfg.Block.Units; again {
		cfg.Move(config.Block{First: kept.First, Units: cfg.Block.Units})
		if c.Uses(ctx, kept.Has) {
			return nil
		}
	}
	// Who has this lock has the ports too: another command of this checkout, whose
	// supervisor is about to live.
	lock, err := local.Lock(dir.PortsLock())
	if again && errors.Is(err, local.ErrLocked) {
		return nil
	}
	if err != nil && !errors.Is(err, local.ErrLocked) {
		return err
	}
	patience := time.Duration(0)
	if again {
		patience = time.Second // a supervisor may be about to end
	}
	first := cfg.Block
	var why error
	for block := range cfg.Blocks() {
		cfg.Move(block)
		claims, err := claim(ctx, block, patience)
		if err == nil {
			err = portsAreFree(c, cfg, !again || block != first)
		}
		if err != nil {
			closeAll(claims)
			if patience = 0; block == first {
				why = err
			}
			continue
		}
		if again && block != first {
			report.Warn("%v: this checkout has other ports from now on, and is at %s", why, cfg.URL())
		}
		if lock != nil {
			claims = append(claims, lock)
		}
		c.Claims = claims
		return cfg.KeepBlock()
	}
	return hint.With(fmt.Errorf("ports: auto finds no %d ports that are free: %w", cfg.Block.Units, why),
		"stop another checkout (dev:projects lists them), or name ports in the configuration, with ports: fixed")
}

// claim takes a block, of which nobody else can have any part then. The error is
// EADDRINUSE where somebody has, and still has it after some time.
func claim(ctx context.Context, b config.Block, patience time.Duration) (claims []*os.File, err error) {
	end := time.Now().Add(patience)
	for _, port := range b.Claims() {
		f, err := proc.ReservePort(port)
		for errors.Is(err, syscall.EADDRINUSE) && time.Now().Before(end) && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
			f, err = proc.ReservePort(port)
		}
		if err != nil {
			return claims, fmt.Errorf("another checkout has the ports of this one (%w)", err)
		}
		claims = append(claims, f)
	}
	return claims, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// portsAreFree reports a port of the block that somebody else holds: a program that
// claims nothing, or a checkout whose supervisor was killed. Of a new block none may
// be held, whether it is used or not: that checkout would be in our way later.
func portsAreFree(c *supervise.Client, cfg *config.Config, all bool) error {
	names := map[int]string{}
	if n := cfg.Nginx; n != nil {
		names[n.Port], names[n.RedirectPort] = plan.GatewayName, plan.GatewayName
	}
	for _, m := range cfg.Processes() {
		for i, name := range m.InstanceNames() {
			names[m.Port+i] = name
		}
	}
	for port := range cfg.Block.Ports() {
		name, used := names[port]
		if !used && !all {
			continue
		}
		if err := c.CheckPort(cmp.Or(name, "this checkout"), port); err != nil {
			return err
		}
	}
	return nil
}
