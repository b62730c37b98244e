package builtin

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// upload hands a client's body on, beside the answer: a server may answer
// before it has read all of it.
type upload struct {
	r      *http.Request
	client *http.ResponseController
	u      *upstream
	done   chan struct{} // nil: nobody has begun to read the body
	err    error         // of the client, once done

	mu      sync.Mutex
	timeout time.Duration // between two reads
}

const (
	bodyTimeout = time.Minute // nginx's client_body_timeout
	// For how long the rest of a body is taken that nobody reads (nginx:
	// lingering_timeout, lingering_time): a client that writes first and reads
	// then would find a reset in place of its answer.
	lingerSilence, linger = 5 * time.Second, 30 * time.Second
	// So much of such a rest is worth a connection that stays.
	smallRest = 256 << 10
)

// newUpload is nil for a request without a body.
func newUpload(w http.ResponseWriter, r *http.Request, timeout time.Duration) *upload {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	return &upload{r: r, client: http.NewResponseController(w), timeout: timeout}
}

func (b *upload) start(u *upstream) {
	b.u, b.done = u, make(chan struct{})
	_ = b.client.EnableFullDuplex() // HTTP/2 always is
	go b.run()
}

func (b *upload) run() {
	defer close(b.done)
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	broken := false // the server takes no more: its answer may be there all the same
	for {
		b.await()
		n, err := b.r.Body.Read(buf[:])
		if n > 0 && !broken {
			broken = b.write(buf[:n]) != nil
		}
		if err == nil {
			continue
		}
		if err != io.EOF {
			b.err = err
			b.u.Close()
			return
		}
		_ = b.client.SetReadDeadline(time.Time{}) // net/http goes on reading
		if !broken && b.r.ContentLength < 0 {
			_ = b.write(nil) // the last chunk
		}
		_ = b.u.SetWriteDeadline(time.Time{})
		b.u.delivered()
		return
	}
}

// await limits the client's next silence.
func (b *upload) await() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.client.SetReadDeadline(time.Now().Add(b.timeout))
}

// limit changes the limit, of a read that is under way too.
func (b *upload) limit(timeout time.Duration) {
	b.mu.Lock()
	b.timeout = timeout
	b.mu.Unlock()
	b.await()
}

func (b *upload) write(p []byte) error {
	_ = b.u.SetWriteDeadline(time.Now().Add(time.Duration(b.u.limit.Load())))
	if b.r.ContentLength < 0 {
		writeHex(b.u.out, len(p))
	}
	_, _ = b.u.out.Write(p)
	if b.r.ContentLength < 0 {
		_, _ = b.u.out.WriteString("\r\n")
	}
	err := b.u.out.Flush()
	if err != nil {
		b.u.delivered()
	}
	return err
}

// begun tells whether some of the body may be used up.
func (b *upload) begun() bool { return b != nil && b.done != nil }

// pending tells whether the client has more to send.
func (b *upload) pending() bool {
	if b == nil {
		return false
	}
	if b.done == nil {
		return true
	}
	select {
	case <-b.done:
		return false
	default:
		return true
	}
}

// answering comes before the header of an answer. A large rest of the body
// would stand before the next request.
func (b *upload) answering(h http.Header) {
	if b.pending() && !b.small() && b.r.ProtoMajor == 1 {
		h.Set("Connection", "close")
	}
}

func (b *upload) small() bool { return b.r.ContentLength >= 0 && b.r.ContentLength <= smallRest }

// finish comes after the answer, and returns when nobody reads the body any
// more: net/http reads on the same connection then. While a client takes a
// whole answer, what is left of its body is read for nobody.
func (b *upload) finish(h http.Header, whole bool) {
	if !b.begun() || !b.pending() {
		return
	}
	b.u.Close() // the server wants no more of it, and may end the connection
	// The end of an answer without a length is sent when this returns.
	if b.r.ProtoMajor == 1 && whole && (b.small() || h.Get("Content-Length") != "") && b.client.Flush() == nil {
		b.limit(lingerSilence)
		timer := time.NewTimer(linger)
		defer timer.Stop()
		select {
		case <-b.done:
		case <-timer.C:
		}
	}
	if b.pending() {
		b.limit(-1)
		<-b.done
	}
	if b.err != nil && b.small() && b.r.ProtoMajor == 1 {
		panic(http.ErrAbortHandler) // what may yet come would be taken for a request
	}
	_ = b.client.SetReadDeadline(time.Time{})
}
