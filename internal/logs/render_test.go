package logs

import (
	"bytes"
	"testing"

	"muster/internal/fuzztest"
)

// FuzzRender renders any bytes in blocks of any size and takes the result
// apart again.
func FuzzRender(f *testing.F) {
	f.Add([]byte("one\ntwo\r\nbar\rbar\n\n\r\r\nrest"), 7, 60)
	f.Add([]byte("\r"), 1, 50)
	f.Add(bytes.Repeat([]byte("x"), 300), 300, 60)
	f.Fuzz(func(t *testing.T, src []byte, step, size int) {
		fuzztest.Bound(t)
		if step < 1 || size < 50 || size > 1<<16 {
			t.Skip()
		}
		p := Prefix("p")
		var all []byte
		state := lineStart
		for rest := src; len(rest) > 0; {
			b := rest[:min(step, len(rest))]
			if n := len(b); n < len(rest) && n > 1 && b[n-1] == '\r' {
				b = b[:n-1] // as putTo does
			}
			out, n, after := render(make([]byte, 0, size), b, p, state)
			if n == 0 || len(out) > size {
				t.Fatalf("took %d of %q into %d of %d bytes", n, b, len(out), size)
			}
			all, rest, state = append(all, out...), rest[n:], after
		}
		if got := bytes.ReplaceAll(all, p, nil); !bytes.Contains(src, p) && !bytes.Equal(got, src) {
			t.Errorf("%q was rendered as %q", src, all)
		}
		for l := range bytes.Lines(all) {
			if !bytes.HasPrefix(l, p) {
				t.Errorf("line %q has no prefix", l)
			}
		}
	})
}

func TestWritableCutsNoCharacter(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"abc": "abc", "a\xc3": "a", "aé": "aé", "a\xe2\x82": "a", "a€": "a€", "a\xf0\x9f\x98": "a", "a😀": "a😀",
		"a\r": "a", "\r": "", "": "", "a\x80\x80\x80\x80": "a\x80\x80\x80\x80", "\xff": "\xff"[:0],
	} {
		if got := in[:writable([]byte(in))]; got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
