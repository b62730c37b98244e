// Package fuzztest is for tests only: what fuzzers ask of whatever reads what anybody may
// have written.
package fuzztest

import (
	"runtime/metrics"
	"testing"
	"time"

	"muster/internal/printable"
)

// A small input must not cost more than that, however it is made.
const (
	longest = 10 * time.Second
	most    = 1 << 30 // bytes that are allocated, all in all
)

// Bound ends the process if the rest of the test takes too long, for Go's fuzzing would
// wait for it and tell nobody, and fails the test if that takes too much memory.
func Bound(t *testing.T) {
	t.Helper()
	before := allocated()
	clock := time.AfterFunc(longest, func() { panic("this input takes longer than " + longest.String()) })
	t.Cleanup(func() {
		clock.Stop()
		if n := allocated() - before; n > most {
			t.Errorf("this input takes %d MB of memory", n>>20)
		}
	})
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// Shown fails the test if a text that a person is shown would be an order to a terminal.
func Shown(t *testing.T, text string) {
	t.Helper()
	if safe := printable.Text(text); safe != text {
		t.Errorf("%q is shown as it is", text)
	}
}
