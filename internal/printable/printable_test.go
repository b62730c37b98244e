package printable

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWhatATerminalWouldActOnIsSeen(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain \tü":                         "plain \tü",
		"\x1b[31mred\x1b[0m":                "\x1b[31mred\x1b[0m",
		"\x1b[38;5;1mnot ended":             "\x1b[38;5;1mnot ended\x1b[0m",
		"a\x1b[2Jb\x1b[1;1Hc":               "abc",
		"a\x1b]52;c;eA==\ab\x1b]0;t\x1b\\c": "abc",
		"a\rb\bc\x00d\x7f":                  `a\rb\x08c\x00d\x7f`,
		"a\u009b31mb\u0085":                 `a\u009b31mb\u0085`,
		"a\x9b31mb\xff":                     `a\x9b31mb\xff`,
		"a\u202eb\u2066c\u061cd\u2028":      `a\u202eb\u2066c\u061cd\u2028`,
		"\xe2\x80\x1b[K\xae":                `\xe2\x80\xae`, // joined, they would turn the text
		"forged\n✓ core-0 healthy":          `forged\n✓ core-0 healthy`,
	} {
		if got := Line(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got, want := Text("a\x1b[K\nb\x1b[31m\nc"), "a\nb\x1b[31m\x1b[0m\nc"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzAppend(f *testing.F) {
	for _, s := range []string{"", "a\x1b[31mb", "\xc2\x1b[K\x9b", "\x1b\x1b[mm", "\x1b[1\x1b]\u202e", "\x1b[31", "ü\r\n"} {
		f.Add([]byte(s), true)
	}
	colours := regexp.MustCompile("\x1b\\[[0-9;:]*m")
	f.Fuzz(func(t *testing.T, b []byte, colour bool) {
		got := Append(nil, b, colour)
		rest := got
		if colour {
			rest = colours.ReplaceAll(got, nil)
		}
		for len(rest) > 0 {
			r, n := utf8.DecodeRune(rest)
			if r == utf8.RuneError && n == 1 || r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q -> %q", b, got)
			}
			rest = rest[n:]
		}
		if again := Append(nil, got, colour); !bytes.Equal(again, got) {
			t.Errorf("%q -> %q -> %q", b, got, again)
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add("a\u009b\u202e\x7f\x00\xff<")
	f.Fuzz(func(t *testing.T, s string) {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		safe := JSON(b)
		if strings.ContainsFunc(string(safe), acts) {
			t.Errorf("%q", safe)
		}
		var was, is string
		if json.Unmarshal(b, &was) != nil || json.Unmarshal(safe, &is) != nil || was != is {
			t.Errorf("%q -> %q", b, safe)
		}
	})
}

func FuzzWithoutSequences(f *testing.F) {
	for i, s := range []string{"", "\x1b[31mred\x1b[0m", "\x1b]8;;http://x\x1b\\link\x1b]8;;\a", "\x1b", "\x1b[", "a\x1b(Bb", "\x1b[3\n", "\x1b]0;title"} {
		f.Add([]byte(s), i)
	}
	// What stays of each sequence.
	sequences := map[string]string{
		"\x1b[31m": "", "\x1b[38;5;1m": "", "\x1b[?25l": "", "\x1b[K": "", // CSI
		"\x1b]0;title\a": "", "\x1b]8;;http://x\x1b\\": "", // OSC
		"\x1b7": "", "\x1bM": "", "\x1b(B": "",
		"\x1b[3\n": "\n", "\x1b\n": "\n", "\x1b\x1b[1m": "", // broken off
	}
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		was := bytes.Clone(b)
		got := WithoutSequences(b)
		if !bytes.Equal(b, was) {
			t.Errorf("%q was changed to %q", was, b)
		}
		if bytes.IndexByte(got, '\x1b') >= 0 {
			t.Errorf("%q -> %q", b, got)
		}
		rest := b // got is b with bytes left out
		for _, c := range got {
			i := bytes.IndexByte(rest, c)
			if i < 0 {
				t.Fatalf("%q -> %q", b, got)
			}
			rest = rest[i+1:]
		}
		plain := strings.ReplaceAll(string(b), "\x1b", "")
		at = max(at, 0) % (len(plain) + 1)
		for sequence, stays := range sequences {
			in, want := plain[:at]+sequence+plain[at:], plain[:at]+stays+plain[at:]
			if got := WithoutSequences([]byte(in)); string(got) != want {
				t.Errorf("%q -> %q, want %q", in, got, want)
			}
		}
	})
}
