package dashboard

import (
	"testing"
	"time"

	"muster/internal/logs/view"
)

// BenchmarkSpan reads of a log of a million lines: what is fetched while it is scrolled,
// a jump to a time, and lines that there are none of.
func BenchmarkSpan(b *testing.B) {
	p := newFixture(b)
	from := time.Now().Add(-2 * time.Hour)
	p.longLog(1_000_000, from)
	for name, at := range map[string]struct {
		o     view.Options
		place view.Place
		back  bool
	}{
		"end":        {place: view.Place{End: true}, back: true},
		"middle":     {place: view.Place{Fraction: 0.5}},
		"time":       {place: view.Place{Time: from.Add(30 * time.Minute)}},
		"text":       {o: view.Options{Text: "nowhere to be found"}},
		"text, back": {o: view.Options{Text: "nowhere to be found"}, place: view.Place{End: true}, back: true},
		"expression": {o: view.Options{Grep: `line \d+7777 nowhere`}},
		"level":      {o: view.Options{Level: view.Critical}},
		"process":    {o: view.Options{Only: []string{"nobody"}}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				o := view.SpanOptions{Options: at.o, Back: at.back, Most: 500, Width: mostText, Bytes: 1 << 40}
				if _, err := view.ReadSpan(b.Context(), p.client.Local.Unified(), o, at.place); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
