package builtin

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string   { return "no answer within " + e.limit.String() }
func (e *timeoutError) Timeout() bool   { return true }
func (e *timeoutError) Temporary() bool { return true }

// onceBody is a request's body that notices its use and survives a try that
// did not come to it.
type onceBody struct {
	io.ReadCloser
	used atomic.Bool
}

func (b *onceBody) Read(p []byte) (int, error) {
	b.used.Store(true)
	return b.ReadCloser.Read(p)
}

func (b *onceBody) Close() error { return nil }

// watchedBody ends an answer that has been silent for too long.
type watchedBody struct {
	io.ReadCloser
	timer  *time.Timer
	limit  time.Duration
	once   sync.Once
	finish func()
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.limit)
	return b.ReadCloser.Read(p)
}

func (b *watchedBody) Close() error {
	b.timer.Stop()
	err := b.ReadCloser.Close()
	b.once.Do(b.finish)
	return err
}

// watchedConn is watchedBody for an upgraded connection.
type watchedConn struct {
	*watchedBody
	io.Writer
}

func (c *watchedConn) Write(p []byte) (int, error) {
	c.timer.Reset(c.limit)
	return c.Writer.Write(p)
}
