package local

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// MaxState bounds, in bytes, what is read of a file that muster keeps for
// itself: the state of a thousand processes has less than a tenth of it.
const MaxState = 16 << 20

// Read is os.ReadFile for a file that anybody may have put something else in
// place of. What is no regular file is refused without waiting for it, and so
// is one of more than limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a FIFO would be waited for
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch {
	case st.IsDir():
		return nil, fmt.Errorf("%s is a folder, not a file", path)
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, fmt.Errorf("read %s: larger than %d MB", path, limit>>20)
	}
	return data, err
}
