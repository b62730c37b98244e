package local

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// ErrLocked says that another process holds a lock.
var ErrLocked = errors.New("another muster has this project")

// Lock takes the lock of a file, which it makes if need be, or fails with
// ErrLocked. The lock belongs to the open file: it is handed over with the
// descriptor and ends with its last holder, however that ends (flock(2)). On a file
// system that has become read-only the file need not be written to.
func Lock(path string) (*os.File, error) {
	f, err := Open(path, os.O_CREATE|os.O_RDWR)
	if errors.Is(err, syscall.EROFS) {
		f, err = Open(path, os.O_RDONLY)
	}
	if err != nil {
		return nil, err
	}
	if err := tryLock(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Hold waits until no other process holds a folder, and holds it: no file is
// left for that. It calls waiting, if not nil, once it has to wait. On a file
// system without locks it holds nothing, and says nothing.
func Hold(ctx context.Context, dir string, waiting func()) (release func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for errors.Is(tryLock(f), ErrLocked) {
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond): // what is locked takes seconds
		}
	}
	return func() { f.Close() }, nil
}
