package logs

import (
	"bytes"
	"time"

	"muster/internal/logs/follow"
)

const (
	// burstGap is how long the next line of a traceback may take: Python
	// prints them one by one, some microseconds apart.
	burstGap = 300 * time.Microsecond
	// burstGaps is how often it is waited for, so that others wait for less
	// than the time of a poll.
	burstGaps = 5
)

// wholeBurst waits a moment for the rest of a traceback that s has just begun,
// so that the lines of others, if any are read now, do not come in between.
func (u *Unifier) wholeBurst(s *source) {
	if s.file == nil || s.active != u.now || u.moved > busyRate || u.alone(s) {
		return
	}
	for range burstGaps {
		if !withinTraceback(s.file.Bytes()) {
			return
		}
		was := s.file.Offset
		time.Sleep(burstGap)
		if u.pump(s); s.file == nil || s.file.Offset == was {
			return
		}
	}
}

// alone reports whether no other source than s is read now.
func (u *Unifier) alone(s *source) bool {
	for _, o := range u.sources {
		if o != s && o.hot {
			return false
		}
	}
	return true
}

// withinTraceback reports whether the last line of b, which ends with it, is
// one that more lines follow: a traceback's head, or an indented line.
func withinTraceback(b []byte) bool {
	if len(b) == 0 || b[len(b)-1] != '\n' {
		return false
	}
	i := bytes.LastIndexByte(b[:len(b)-1], '\n')
	if i < 0 && len(b) == follow.AnchorSize {
		return false // longer than what is remembered
	}
	last := b[i+1:]
	return last[0] == ' ' || last[0] == '\t' || bytes.HasPrefix(last, []byte("Traceback (most recent call last):"))
}
