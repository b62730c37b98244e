package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"muster/internal/local"
)

// Clean empties all logs, the unified one too, and removes the rotated ones.
// The files stay, so that their writers write on. What was in a file before its
// turn is gone, read or not; what is written after it is there once, in the
// file and in the unified log.
func (u *Unifier) Clean(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return errClosed
	}
	u.now = time.Now()
	u.lookAgain()
	var errs []error
	dirs := map[string]bool{filepath.Dir(u.opts.Unified): true}
	for _, s := range u.sources {
		if err := ctx.Err(); err != nil {
			return err
		}
		dirs[filepath.Dir(s.Path)] = true
		errs = append(errs, u.cleanSource(s))
	}
	for dir := range dirs {
		errs = append(errs, eachLog(dir, func(path string) error {
			if path == u.opts.Unified || u.follows(path) {
				return nil
			}
			return truncateFile(path)
		}))
	}
	// The unified log comes last: had it come first, a kill in between would
	// leave lines in the files only. So would a file that cannot be emptied.
	if err := errors.Join(errs...); err != nil {
		if open := u.open; open != nil {
			if open.state.open() { // it was not emptied
				open.state = lineCont
			}
			u.open = nil
			err = errors.Join(err, u.endLine())
		}
		return err
	}
	if err := u.truncateUnified(); err != nil {
		errs = append(errs, fmt.Errorf("cannot empty %s: %w", u.opts.Unified, err))
	}
	u.index.reset()
	u.open = nil
	return errors.Join(errs...)
}

func (u *Unifier) truncateUnified() error {
	if !u.begun {
		return errors.New("it cannot be written")
	}
	return u.unified.Truncate(0)
}

// cleanSource empties the file of s.
func (u *Unifier) cleanSource(s *source) error {
	if s.file == nil {
		return nil
	}
	err := os.ErrNotExist
	if !s.old {
		err = truncateFile(s.Path)
	}
	if errors.Is(err, os.ErrNotExist) { // the only way to it is the descriptor for reading
		var size int64
		if size, err = s.file.Size(); err == nil {
			_, err = s.file.MoveTo(size)
		}
	} else if err == nil {
		s.file.Restart()
	}
	if err != nil {
		return err
	}
	s.hot, s.active = true, u.now
	s.state, s.scanned, s.partial = lineStart, 0, time.Time{}
	return u.note(s, note{})
}

func (u *Unifier) follows(path string) bool {
	for _, s := range u.sources {
		if s.Path == path && !s.old && s.file != nil {
			return true
		}
	}
	return false
}

// Clean does for folders of logs that no unifier follows what Unifier.Clean
// does.
func Clean(dirs ...string) error {
	var errs []error
	for _, dir := range dirs {
		errs = append(errs, eachLog(dir, truncateFile))
	}
	return errors.Join(errs...)
}

// eachLog removes the rotated files of dir and calls clean for each log.
func eachLog(dir string, clean func(path string) error) error {
	names, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot clean the logs: %w", err)
	}
	var errs []error
	for _, e := range names {
		if !e.Type().IsRegular() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if strings.HasSuffix(path, ".log") {
			errs = append(errs, clean(path))
		} else if i := strings.LastIndex(path, ".log."); i >= 0 && isRotated(path[i+len(".log"):]) {
			errs = append(errs, os.Remove(path))
		}
	}
	return errors.Join(errs...)
}

// isRotated reports whether rest, behind NAME.log, is that of a rotated file.
func isRotated(rest string) bool {
	n, ok := strings.CutPrefix(strings.TrimPrefix(rest, indexSuffix), ".")
	return rest == rotating || ok && n != "" && strings.Trim(n, "0123456789") == ""
}

func truncateFile(path string) error {
	if err := local.Empty(path); err != nil {
		return fmt.Errorf("cannot empty the log: %w", err)
	}
	return nil
}
