package config

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBombs has files that are made to cost time or memory. Each must be
// answered at once, by a problem or by a Config. The processor's time is what
// counts: on a busy machine the clock tells of the others.
func TestBombs(t *testing.T) {
	aliases := "x-0: &a0 [lol, lol, lol]\n"
	merges := "x-0: &a0 {k: 1}\n"
	empty := "x-0: &a0 {}\n"
	for i := 1; i < 30; i++ {
		p := fmt.Sprintf("*a%d", i-1)
		nine := strings.Repeat(p+", ", 8) + p
		aliases += fmt.Sprintf("x-%d: &a%d [%s]\n", i, i, nine)
		merges += fmt.Sprintf("x-%d: &a%d {<<: [%s], k%d: 1}\n", i, i, nine, i)
		empty += fmt.Sprintf("x-%d: &a%d {<<: [%s]}\n", i, i, nine)
	}
	for name, file := range map[string]string{
		"aliases of aliases":        aliases + server + "backend: {env: {A: *a29}}\nlogs: *a29\n",
		"merges of merges":          merges + server + "logs: {<<: *a15}\n",
		"empty merges of merges":    empty + server + "logs: {<<: *a15}\n",
		"deep merges":               empty + server + "logs: {<<: *a29}\n",
		"deep lists":                server + "logs: " + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000),
		"lists too deep to read":    server + "logs: " + strings.Repeat("[", 500_000),
		"deep mappings":             server + "logs: " + strings.Repeat("{a: ", 9_000) + "1" + strings.Repeat("}", 9_000),
		"deep blocks":               server + "logs:\n" + strings.Repeat(" - ", 5_000) + "x\n",
		"anchor that holds itself":  "x-a: &a [*a]\n" + server + "logs: *a\nbackend: {env: {A: *a}}\nspecs: {sources: *a}\n",
		"alias that is its anchor":  "x-a: &a *a\n" + server,
		"many unknown keys":         server + strings.Repeat("k", 3) + manyKeys(10_000),
		"one long key":              server + strings.Repeat("k", 500_000) + ": 1\n",
		"one long value":            server + "backend: {app: \"" + strings.Repeat("é", 400_000) + "\"}\n",
		"an open quote, many lines": server + "logs: \"" + strings.Repeat("x\n", 60_000),
		"many broken lines":         server + strings.Repeat("]\n", 60_000),
	} {
		t.Run(name, func(t *testing.T) {
			began := processorTime(t)
			_, err := Parse("f.yaml", []byte(file))
			took := processorTime(t) - began
			if took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			if err != nil {
				checkProblems(t, err, []byte(file))
				first, _, _ := strings.Cut(err.Error(), "\n")
				t.Log(took, first)
			}
		})
	}
}

// processorTime is what this process has used.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "prt%d: 1\n", i)
	}
	return b.String()
}
