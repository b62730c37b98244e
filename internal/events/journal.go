package events

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"muster/internal/local"
	"muster/internal/logs"
)

// The journal's size, in bytes, and its rotated files.
const (
	maxSize  = 4 << 20
	maxFiles = 2
)

// Journal writes events. The zero value with a path is ready; its methods may be called
// concurrently, by several processes too.
type Journal struct {
	Path string

	most int64 // size, in bytes, at which it is rotated; 0: maxSize

	mu sync.Mutex
	f  *os.File
}

// Of is the journal of a project.
func Of(dir local.Dir) *Journal { return &Journal{Path: dir.Events()} }

// Write appends events, each with the present time. It makes no folder: what somebody
// has removed as a whole stays removed.
func (j *Journal) Write(all ...Event) error {
	var data []byte
	for _, e := range all {
		e.Time = time.Now().Round(0)
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		data = append(append(data, line...), '\n')
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.append(data); err != nil {
		return fmt.Errorf("%s: %w", j.Path, err)
	}
	return nil
}

// append writes whole lines. The lock keeps a rotation of another process away.
func (j *Journal) append(data []byte) error {
	for {
		if j.f == nil {
			f, err := local.Open(j.Path, os.O_RDWR|os.O_APPEND|os.O_CREATE)
			if err != nil {
				return err
			}
			j.f = f
		}
		alone := j.lock()
		size, current, err := j.look()
		if err == nil && current && (size < cmp.Or(j.most, maxSize) || !alone) {
			_, err = j.f.Write(j.afterHalf(size, data))
			unlock(j.f)
			return err
		}
		if err == nil && current {
			err = logs.PutRotated(j.Path, j.Path, maxFiles)
		}
		j.close() // which unlocks it
		if err != nil {
			return err
		}
	}
}

// look tells how large the open file is, and whether it is the one of that path.
func (j *Journal) look() (size int64, current bool, err error) {
	open, err := j.f.Stat()
	if err != nil {
		return 0, false, err
	}
	there, err := os.Lstat(j.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	return open.Size(), err == nil && os.SameFile(open, there), err
}

// afterHalf ends the half line of a writer that was killed, or had no disk left.
func (j *Journal) afterHalf(size int64, data []byte) []byte {
	last := []byte{'\n'}
	if size > 0 {
		j.f.ReadAt(last, size-1)
	}
	if last[0] != '\n' {
		return append([]byte{'\n'}, data...)
	}
	return data
}

func (j *Journal) close() {
	j.f.Close()
	j.f = nil
}

// Close ends it.
func (j *Journal) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f != nil {
		j.close()
	}
}

// patience is how long another writer may take. One that stands still, in a debugger
// perhaps, keeps nobody from writing, only from rotating.
const patience = 20 * time.Millisecond

// lock keeps other processes from rotating the file, and tells whether it could.
func (j *Journal) lock() bool {
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if tryLock(j.f) {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}
