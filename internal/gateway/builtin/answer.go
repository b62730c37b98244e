package builtin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

type buffer [32 << 10]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// answer is what an instance says to a request. Close has to follow.
type answer struct {
	*http.Response
	pool   *pool
	member *member
	u      *upstream
	body   *upload // nil: none
	stop   func() bool
	whole  bool // it was read to its end
}

// Close gives the connection back, where another request can use it.
func (a *answer) Close() {
	same := a.stop()
	if same && a.whole && !a.Response.Close && !a.body.pending() && !a.u.closed.Load() {
		a.pool.keep(a.member, a.u)
	} else {
		a.u.Close()
	}
	a.pool.done(a.member, false)
}

// deliver hands the answer to the client. It panics as http.ErrAbortHandler
// asks where the answer ends before its time: the client has to see that.
func (a *answer) deliver(w http.ResponseWriter) {
	h := w.Header()
	passHeader(h, a.Header)
	if h["Content-Type"] == nil {
		h["Content-Type"] = nil // net/http would guess one
	}
	if slices.ContainsFunc(h["Content-Type"], namesEvents) {
		a.u.limit.Store(int64(a.pool.stream))
	}
	for name := range a.Trailer {
		h.Add("Trailer", name)
	}
	a.body.answering(h)
	w.WriteHeader(a.StatusCode)
	if err := a.copyBody(w); err != nil {
		_ = http.NewResponseController(w).Flush() // what did come
		panic(http.ErrAbortHandler)
	}
	maps.Copy(h, a.Trailer)
}

// copyBody lets nothing wait that has come: what is read is passed on before
// the next read may block.
func (a *answer) copyBody(w http.ResponseWriter) error {
	client := http.NewResponseController(w)
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	left := a.ContentLength // -1: unknown
	if a.Body == http.NoBody {
		left = 0
	}
	flush := left < 0 || left > bufferSize // the head of a short answer goes with its first part
	for ; left != 0; flush = true {
		if flush && a.u.in.Buffered() == 0 {
			if err := client.Flush(); err != nil {
				return err
			}
		}
		n, err := a.Body.Read(buf[:])
		if n > 0 {
			if left > 0 {
				left -= int64(n)
			}
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	a.whole = true
	return nil
}

// tunnel joins the client of an upgraded connection and its server until one of
// them ends it, or both are silent for too long.
func (a *answer) tunnel(w http.ResponseWriter) error {
	if !isWebSocket(a.Request) {
		return errors.New("it changed to a protocol that nobody asked for")
	}
	client, in, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return fmt.Errorf("take over the client's connection: %w", err)
	}
	defer client.Close()
	a.stop() // the connection is no request's any more
	a.u.sent.Store(false)
	for _, c := range []interface{ SetDeadline(time.Time) error }{client, a.u} {
		_ = c.SetDeadline(time.Time{})
	}
	fmt.Fprintf(in, "HTTP/1.1 101 Switching Protocols\r\n")
	x := w.(*exchange)
	x.status = http.StatusSwitchingProtocols
	a.Header[idHeader] = []string{x.id}
	_ = a.Header.Write(in)
	_, _ = in.WriteString("\r\n")
	if in.Flush() != nil {
		return nil
	}
	end := sync.OnceFunc(func() { client.Close(); a.u.Close() })
	limit := time.Duration(a.u.limit.Load())
	silence := time.AfterFunc(limit, end)
	defer silence.Stop()
	defer context.AfterFunc(a.Request.Context(), end)() // the gateway's own end
	var both sync.WaitGroup
	both.Go(func() {
		defer end()
		x.bytes = join(client, a.u.in, silence, limit)
	})
	join(a.u.Conn, in, silence, limit)
	end()
	both.Wait()
	return nil
}

// join copies until an end, and returns how many bytes. Every part is a sign of life.
func join(to io.Writer, from io.Reader, silence *time.Timer, limit time.Duration) (copied int64) {
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	for {
		n, err := from.Read(buf[:])
		silence.Reset(limit)
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return copied
			}
			copied += int64(n)
		}
		if err != nil {
			return copied
		}
	}
}
