package view

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"muster/internal/logs/follow"
)

const (
	// poll is how often a log is read while lines keep coming: a screen
	// shows no more.
	poll = 10 * time.Millisecond
	// block is how many bytes are read at once.
	block = 128 << 10
	// quiet is how long it has to be silent to be left to the kernel.
	quiet = 100 * time.Millisecond
)

// followAll has the streams read what comes, and calls flush behind it, until ctx
// ends.
func followAll(ctx context.Context, streams []*stream, flush func() error) error {
	w, err := follow.NewWaiter()
	if err != nil { // the kernel has none left: looking from time to time does too
		w = follow.NewSleeper()
	}
	defer w.Close()
	defer context.AfterFunc(ctx, w.Wake)()
	buf := make([]byte, block)
	watched, blind := map[string]bool{}, false // blind: the kernel does not tell of all
	for _, s := range streams {
		dir := filepath.Dir(s.Path)
		if watched[dir] {
			continue
		}
		watched[dir] = true
		if _, err := w.WatchDir(dir); err != nil {
			if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
				return &noLogError{s.Path}
			}
			blind = true
		}
	}
	active := time.Now()
	for ctx.Err() == nil {
		for _, s := range streams {
			came, err := s.read(ctx, buf)
			if err != nil {
				return err
			}
			if came {
				active = time.Now()
			}
		}
		if err := flush(); err != nil {
			return err
		}
		pause := poll
		if time.Since(active) >= quiet {
			pause = -1
			for _, s := range streams {
				if s.file == nil || s.armed {
					continue
				}
				if _, err := w.ArmFile(s.file.FD, s.Path); err != nil {
					blind = true
					continue
				}
				s.armed = true
				pause = 0 // one more look before the wait
			}
		}
		if blind && pause < 0 {
			pause = quiet
		}
		if pause == 0 {
			continue
		}
		err := w.Wait(pause, func(int, bool) {
			active = time.Now()
			for _, s := range streams {
				s.armed = false
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
