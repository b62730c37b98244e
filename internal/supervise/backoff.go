package supervise

import (
	"math/rand/v2"
	"time"
)

// The waits between the restarts of a process that keeps ending. The first
// restart is immediate, since most ends are the only one; the limit keeps a
// crash loop cheap and still notices a repaired server soon.
const (
	backoffFirst = 100 * time.Millisecond
	backoffLimit = 5 * time.Second
	backoffReset = 10 * time.Second // of health, after which a process is trusted again
)

// backoff counts the ends of one process.
type backoff struct{ ends int }

// next is the wait before the next restart: 0, then 100 ms doubling to 5 s,
// each up to a quarter shorter, so that processes which ended together don't
// return together for ever.
func (b *backoff) next() time.Duration {
	b.ends++
	if b.ends == 1 {
		return 0
	}
	d := backoffLimit
	if shift := b.ends - 2; shift < 6 { // 100 ms << 6 is beyond the limit
		d = backoffFirst << shift
	}
	return d - rand.N(d/4+1)
}

func (b *backoff) reset() { b.ends = 0 }
