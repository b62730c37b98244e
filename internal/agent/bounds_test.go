package agent

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestALongListIsHandedOverWhole(t *testing.T) {
	t.Parallel()
	var all []string
	for i := range 5000 {
		all = append(all, fmt.Sprintf("%d %s", i, strings.Repeat("\x1b\"é", i%70)))
	}
	var got []string
	cursor, pages := "", 0
	for {
		part, next, err := page(all, cursor)
		if err != nil {
			t.Fatal(err)
		}
		if data, _ := encode(part); len(data) > listBytes {
			t.Fatalf("%d bytes", len(data))
		}
		got = append(got, part...)
		if pages++; next == "" {
			break
		}
		cursor = next
	}
	if strings.Join(got, "\n") != strings.Join(all, "\n") || pages < 10 {
		t.Errorf("%d of %d in %d pages", len(got), len(all), pages)
	}
	for _, wrong := range []string{"-1", "x", "1.5"} {
		if _, _, err := page(all, wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

func TestControlsAreWrittenOut(t *testing.T) {
	t.Parallel()
	const evil = "a\x1b]0;x\a\r\u009b2J\u202e\b\f\\u001b \n\té<&>\u2028"
	data, err := encode(map[string]string{"text": evil})
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]string
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	for _, r := range v["text"] {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0x202e {
			t.Errorf("%U is left in %q", r, v["text"])
		}
	}
	if !strings.Contains(v["text"], `a\u001b]0;x`) || !strings.Contains(v["text"], "é<&>") || !strings.Contains(v["text"], "\n\t") {
		t.Errorf("got %q", v["text"])
	}
}

func TestATextIsCutToWhatItTakes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("x", 9000), strings.Repeat("\x1b", 9000), strings.Repeat("é\"", 9000), "short"} {
		if cut := clip(text, 1000); size(cut) > 1000 || size(cut) < 950 && cut != text {
			t.Errorf("%d bytes of %.10q", size(cut), text)
		}
	}
	lines := lastOf([]string{"first", strings.Repeat("y", 100), "last"}, 50)
	if fmt.Sprint(lines) != "[last]" {
		t.Errorf("got %v", lines)
	}
	if lines := lastOf([]string{strings.Repeat("y", 9000)}, 50); len(lines) != 1 || size(lines[0]) > itemBytes {
		t.Errorf("got %d", len(lines))
	}
}
