package supervise

import (
	"errors"
	"os"
	"syscall"
)

// errLocked says that another supervisor, or a command that acts for one,
// has the project.
var errLocked = errors.New("another muster has this project")

// lock takes the project for one supervisor. The lock belongs to the open
// file: it is handed over with the descriptor and ends with its last holder,
// however that ends (flock(2)).
func lock(p Paths) (*os.File, error) {
	f, err := os.OpenFile(p.lock(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, err
	}
	return f, nil
}
