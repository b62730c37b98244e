package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"muster/internal/local"
)

// attempts is how often a broken download is taken up again.
const attempts = 4

// httpError is a status that is no success.
type httpError struct {
	url    string
	status int
}

func (e *httpError) Error() string {
	return fmt.Sprintf("%s: %d %s", e.url, e.status, http.StatusText(e.status))
}

// redirectError is a redirect that leads away from the mirror.
type redirectError struct{ from, to string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("%s redirects to %s: a mirror must answer itself, and not fall back from https", e.from, e.to)
}

// stay follows redirects within a host, and from http to its https.
func stay(req *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	upgrade := from.Scheme == "http" && req.URL.Scheme == "https" && from.Port() == "" && req.URL.Port() == ""
	if !strings.EqualFold(from.Host, req.URL.Host) || from.Scheme != req.URL.Scheme && !upgrade {
		return &redirectError{from.Redacted(), req.URL.Redacted()}
	}
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	return nil
}

func (i *installer) do(req *http.Request) (*http.Response, error) {
	c := *i.client
	c.CheckRedirect = stay
	return c.Do(req)
}

// trustworthy refuses a mirror whose answers anybody on the way could write:
// its index has the checksums, and nothing vouches for the index.
func (i *installer) trustworthy() error {
	u, err := url.Parse(i.mirror())
	if err != nil {
		return fmt.Errorf("the mirror %s is no URL: %w", i.mirror(), err)
	}
	host := strings.ToLower(u.Hostname())
	ip := net.ParseIP(host)
	if u.Scheme == "https" || ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return nil
	}
	return fmt.Errorf("%s is not https, and nginx.lock does not hold the file: what it sends could be anybody's", u.Redacted())
}

func (i *installer) fetchIndex(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*i.stall)
	defer cancel()
	url := i.mirror() + "/index.json"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("the mirror %s is no URL: %w", i.mirror(), err)
	}
	resp, err := i.do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &httpError{url, resp.StatusCode}
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 32<<20))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return data, nil
}

// download fetches a build into part, going on where an earlier try ended.
func (i *installer) download(ctx context.Context, b build, part string) error {
	var last error
	for n := range attempts {
		if n > 0 {
			i.say(fmt.Sprintf("%v; going on with the download", last))
			select {
			case <-time.After(i.pause << (n - 1)):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if last = i.fetchPart(ctx, b, part); last == nil {
			return nil
		}
		var status *httpError
		var away *redirectError
		if ctx.Err() != nil || errors.As(last, &away) || errors.As(last, &status) && status.status < 500 && status.status != http.StatusRequestedRangeNotSatisfiable {
			break
		}
		if errors.Is(last, syscall.ENOSPC) || errors.Is(last, syscall.EDQUOT) {
			os.Remove(part)
			return fmt.Errorf("the disk is full: %w", last)
		}
	}
	return fmt.Errorf("download %s: %w", b.Filename, last)
}

func (i *installer) fetchPart(ctx context.Context, b build, part string) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := fmt.Errorf("the mirror sent nothing for %v", i.stall)
	timer := time.AfterFunc(i.stall, func() { cancel(silence) })
	defer timer.Stop()

	have := int64(0)
	if st, err := os.Stat(part); err == nil && st.Mode().IsRegular() {
		have = st.Size()
	}
	if b.Size > 0 && have == b.Size {
		return nil // the checksums tell whether it is the right one
	}
	if b.Size > 0 && have > b.Size {
		have = 0
	}
	url := i.mirror() + "/" + b.Filename
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("the mirror %s is no URL: %w", i.mirror(), err)
	}
	if have > 0 {
		req.Header.Set("Range", "bytes="+strconv.FormatInt(have, 10)+"-")
	}
	resp, err := i.do(req)
	if err != nil {
		return cause(ctx, err, silence)
	}
	defer resp.Body.Close()
	flags := os.O_CREATE | os.O_WRONLY
	switch {
	case resp.StatusCode == http.StatusPartialContent && have > 0 && resumesAt(resp, have):
		flags |= os.O_APPEND
	case resp.StatusCode == http.StatusOK:
		flags |= os.O_TRUNC
		have = 0
	default:
		if have > 0 {
			os.Remove(part) // what is there does not fit what the mirror has
		}
		return &httpError{url, resp.StatusCode}
	}
	f, err := i.open(part, flags)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	limit, total := int64(maxBinary), b.Size
	if b.Size > 0 {
		limit = b.Size
	}
	buf := make([]byte, 64<<10)
	for {
		timer.Reset(i.stall)
		n, e := resp.Body.Read(buf)
		if _, err := f.Write(buf[:n]); err != nil {
			return err
		}
		have += int64(n)
		if have > limit {
			local.Empty(part)
			return fmt.Errorf("%s is longer than the %d bytes that index.json says", url, limit)
		}
		i.progress(Event{Text: b.Filename, Done: have, Total: max(total, have)})
		if e == io.EOF {
			break
		}
		if e != nil {
			return cause(ctx, e, silence)
		}
	}
	if b.Size > 0 && have < b.Size {
		return fmt.Errorf("%s ended after %d of %d bytes", url, have, b.Size)
	}
	return f.Sync()
}

// resumesAt tells whether a 206 begins where it was asked to.
func resumesAt(resp *http.Response, at int64) bool {
	var first int64
	_, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-", &first)
	return err == nil && first == at
}

// cause puts the reason of a cancellation in the place of "context canceled".
func cause(ctx context.Context, err, silence error) error {
	if errors.Is(context.Cause(ctx), silence) {
		return silence
	}
	return err
}
