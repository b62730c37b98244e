package install

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/internal/local"
)

func TestInstallRefusesAWrongChecksum(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	name := m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	m.files[name][100]++
	i := newInstaller(t, m, "")
	i.wantFailure(t, name, "index.json says", "damaged or replaced")
	if _, err := os.Stat(lockPath(i.c)); err == nil {
		t.Error("a lock file was written")
	}
	if left, _ := os.ReadDir(i.c.Local().Tmp()); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestInstallRefusesATruncatedFile(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	name := m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	m.files[name] = m.files[name][:5000]
	newInstaller(t, m, "").wantFailure(t, name, "416")
}

func TestInstallReportsAMissingFile(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	name := m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	delete(m.files, name)
	newInstaller(t, m, "").wantFailure(t, "/"+name+": 404 Not Found")
	if n := m.downloads(); n != 1 {
		t.Errorf("asked %d times for a file that is not there", n)
	}
}

func TestInstallGoesOnAfterABrokenConnection(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	breaks := 2
	m.answer(func(w http.ResponseWriter, r *http.Request, data []byte) {
		if breaks == 0 {
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
			return
		}
		breaks--
		from := 0
		if s, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
			from, _ = strconv.Atoi(strings.TrimSuffix(s, "-"))
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
			w.WriteHeader(http.StatusPartialContent)
		}
		_, _ = w.Write(data[from : from+40_000])
		panic(http.ErrAbortHandler)
	})
	newInstaller(t, m, "").wantInstalled(t, "1.28.2")
	if got := strings.Join(m.requests, "|"); !strings.HasSuffix(got, "bytes=80000-") {
		t.Errorf("did not go on where it ended: %s", got)
	}
}

func TestInstallTakesNoMoreThanTheIndexSays(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	name := m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	m.answer(func(w http.ResponseWriter, _ *http.Request, data []byte) {
		_, _ = w.Write(append(data, "more"...))
	})
	newInstaller(t, m, "").wantFailure(t, name+" is longer than the ")
}

func TestInstallGoesOnOnlyWhereItAskedTo(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	first := true
	m.answer(func(w http.ResponseWriter, r *http.Request, data []byte) {
		switch {
		case first: // a part, of which the rest is to be asked for
			first = false
			_, _ = w.Write(data[:50_000])
			panic(http.ErrAbortHandler)
		case r.Header.Get("Range") != "":
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(data)-1, len(data)))
			w.WriteHeader(http.StatusPartialContent)
		}
		_, _ = w.Write(data)
	})
	i := newInstaller(t, m, "")
	i.wantFailure(t, "206")
	i.wantInstalled(t, "1.28.2") // from its beginning
}

func TestInstallResumesInALaterCall(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	name := m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	m.answer(func(w http.ResponseWriter, r *http.Request, data []byte) {
		if r.Header.Get("Range") == "" {
			_, _ = w.Write(data[:50_000])
		}
		panic(http.ErrAbortHandler)
	})
	i := newInstaller(t, m, "")
	i.wantFailure(t, name)
	m.answer(nil)
	i.wantInstalled(t, "1.28.2")
	if last := m.requests[len(m.requests)-1]; last != name+" bytes=50000-" {
		t.Errorf("asked for %q", last)
	}
}

func TestInstallGivesUpOnASilentMirror(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	name := m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	m.answer(func(w http.ResponseWriter, r *http.Request, data []byte) {
		_, _ = w.Write(data[:10])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	i := newInstaller(t, m, "")
	i.stall = 50 * time.Millisecond
	i.wantFailure(t, name, "sent nothing for 50ms")
}

func TestInstallWaitsForASlowMirror(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	m.answer(func(w http.ResponseWriter, _ *http.Request, data []byte) {
		for len(data) > 0 {
			n := min(len(data), 16_000)
			_, _ = w.Write(data[:n])
			_ = http.NewResponseController(w).Flush()
			data = data[n:]
			time.Sleep(30 * time.Millisecond)
		}
	})
	i := newInstaller(t, m, "")
	i.stall = 250 * time.Millisecond // less than the whole takes
	i.wantInstalled(t, "1.28.2")
}

func TestInstallReportsAFullDisk(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	name := m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	i := newInstaller(t, m, "")
	part := filepath.Join(i.c.Local().Tmp(), name+".part")
	i.open = func(path string, flags int) (*os.File, error) {
		f, err := local.Open(path, flags)
		if err != nil {
			return nil, err
		}
		f.Close()
		return os.OpenFile("/dev/full", os.O_WRONLY, 0)
	}
	err := i.wantFailure(t, "the disk is full")
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v is not ENOSPC", err)
	}
	if _, err := os.Lstat(part); err == nil {
		t.Error("left the partial download behind")
	}
}

func TestInstallCanBeInterrupted(t *testing.T) {
	t.Parallel()
	m := newMirror(t)
	m.add("1.28.2", "", "x86_64", "linux", fakeNginx("1.28.2", ""))
	i := newInstaller(t, m, "")
	ctx, cancel := context.WithCancel(t.Context())
	m.answer(func(w http.ResponseWriter, r *http.Request, data []byte) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := i.install(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
