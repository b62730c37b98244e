package toolchain

import (
	"bytes"
	"sync"
)

// lines hands out what is written line by line. It is shared by a program's
// two outputs.
type lines struct {
	mu   sync.Mutex
	rest []byte
	each func(string)
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		i := bytes.IndexAny(l.rest, "\r\n")
		if i < 0 {
			return len(p), nil
		}
		if line := bytes.TrimSpace(l.rest[:i]); len(line) > 0 {
			l.each(string(line))
		}
		l.rest = l.rest[i+1:]
	}
}
