package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"muster/internal/logs/follow"
)

// Run follows the sources until ctx ends. Then it writes all that is in the
// files, closes the unifier and returns. An idle unifier sleeps in the kernel
// with no timer.
func (u *Unifier) Run(ctx context.Context) error {
	defer u.Close()
	done := make(chan error)
	go func() {
		yieldToWriters()
		done <- u.run(ctx)
	}()
	return <-done
}

func (u *Unifier) run(ctx context.Context) error {
	defer context.AfterFunc(ctx, u.wake)()
	for ctx.Err() == nil {
		u.mu.Lock()
		if u.closed {
			u.mu.Unlock()
			return errClosed
		}
		pause := u.step()
		w := u.waiter
		u.mu.Unlock()
		if err := w.Wait(pause, u.event); err != nil {
			u.mu.Lock()
			if !u.closed && u.waiter == w {
				u.turnBlind(fmt.Errorf("cannot watch the logs: %w", err))
			}
			u.mu.Unlock()
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return errClosed
	}
	return u.drainAll(context.WithoutCancel(ctx))
}

// wake ends a wait of run.
func (u *Unifier) wake() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiter.Wake()
}

// event notes what the kernel tells.
func (u *Unifier) event(wd int, gone bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if wd < 0 { // events were lost: look at all
		u.recheck = true
		for _, s := range u.sources {
			s.hot = true
		}
		return
	}
	if s := u.byWatch[wd]; s != nil {
		delete(u.byWatch, wd)
		s.hot, s.active = true, time.Now()
		return
	}
	for dir, d := range u.dirs {
		if d.wd == wd {
			u.recheck = true
			if gone {
				delete(u.dirs, dir)
			}
		}
	}
}

// step reads the hot sources and returns how long to wait for the next step:
// until an event if negative.
func (u *Unifier) step() time.Duration {
	u.now = time.Now()
	if !u.failed.IsZero() {
		if left := u.failed.Add(retry).Sub(u.now); left > 0 {
			return left
		}
		u.failed = time.Time{}
	}
	if !u.blind.IsZero() && u.now.Sub(u.blind) >= blindFor {
		u.see()
	}
	if u.recheck || !u.names.IsZero() && !u.now.Before(u.names) {
		u.lookAgain()
		if !u.failed.IsZero() {
			return retry
		}
	}
	if u.open != nil {
		u.pump(u.open)
	}
	busy, pause := false, time.Duration(-1)
	u.moved = 0
	for i := 0; i < len(u.sources); i++ {
		s := u.sources[i]
		if !s.failed.IsZero() && u.now.Sub(s.failed) >= retry {
			u.lookAt(s)
		}
		if !s.look.IsZero() && !u.now.Before(s.look) {
			s.hot, s.look = true, time.Time{}
		}
		if s.hot && s.file != nil && s.failed.IsZero() {
			busy = u.pump(s) || busy
			u.wholeBurst(s)
		}
		if !u.failed.IsZero() {
			return retry
		}
		if s.hot && s.failed.IsZero() && u.now.Sub(s.active) >= quiet {
			u.arm(s)
		}
		if s.old && s.file == nil { // it was dropped
			i--
			continue
		}
		left := time.Duration(-1) // until its turn comes without an event
		switch {
		case !s.failed.IsZero():
			left = s.failed.Add(retry).Sub(u.now)
		case s.hot:
			left = poll
		case !s.partial.IsZero():
			left = s.partial.Add(partialWait).Sub(u.now)
			if left <= 0 {
				s.hot, left = true, poll
			}
		}
		pause = sooner(pause, left)
		if !s.look.IsZero() {
			pause = sooner(pause, s.look.Sub(u.now))
		}
	}
	if !u.names.IsZero() {
		pause = sooner(pause, u.names.Sub(u.now))
	}
	if busy {
		return 0
	}
	if pause == poll && u.moved > busyRate {
		return busyPoll
	}
	if pause < 0 || pause > poll {
		u.relax()
	}
	return pause
}

// sooner is the shorter of two pauses, of which a negative one has no end.
func sooner(a, b time.Duration) time.Duration {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

// arm asks the kernel to tell of the next change of s. What changed before it
// was asked is seen by one more look.
func (u *Unifier) arm(s *source) {
	if s.file == nil {
		s.hot = false
		return
	}
	if u.open != nil {
		return // it could not be read
	}
	if s.old && !written(s.file.FD) {
		u.set(s.Path, u.drain(s, endLine))
		u.dropOld(s)
		return
	}
	wd, err := u.waiter.ArmFile(s.file.FD, s.Path)
	if err != nil {
		s.hot, s.look = false, u.now.Add(blindPoll)
	}
	if !errors.Is(err, follow.ErrBlind) {
		u.set(ofWatch+s.Path, err)
	}
	if err != nil {
		return
	}
	s.wd, s.hot = wd, false
	u.byWatch[wd] = s
	was := s.active
	u.pump(s)
	s.hot = s.active != was || !s.failed.IsZero()
}

// relax gives large buffers back to the system before a longer wait.
func (u *Unifier) relax() {
	if u.used > 64<<10 {
		giveBack(u.in)
		giveBack(u.out)
		u.used = 0
	}
}

// watch asks the kernel to tell of names that come and go beside path. Where it
// does not, they are looked at from time to time.
func (u *Unifier) watch(path string) {
	err := u.watchDir(path)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		u.names = u.now.Add(retry)
	}
	if !errors.Is(err, follow.ErrBlind) {
		u.set(ofWatch+filepath.Dir(path), err)
	}
}

// watchDir asks the kernel to tell of names that come and go beside path.
func (u *Unifier) watchDir(path string) error {
	dir := filepath.Dir(path)
	// The end of a folder that was removed is told only once nobody has a file
	// of it open; by then another may have its name.
	inode, _, err := follow.Stat(dir)
	if err != nil {
		return fmt.Errorf("cannot watch %s: %w", dir, err)
	}
	if d, ok := u.dirs[dir]; ok && d.inode == inode {
		return nil
	}
	wd, err := u.waiter.WatchDir(dir)
	if err != nil {
		return err
	}
	u.dirs[dir] = watchedDir{wd: wd, inode: inode}
	return nil
}
