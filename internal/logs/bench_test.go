package logs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkRender is the inner loop: lines of 100 bytes behind their prefix.
func BenchmarkRender(b *testing.B) {
	src := bytes.Repeat([]byte(strings.Repeat("x", 99)+"\n"), block/100)
	dst := make([]byte, 0, 2*block)
	p := Prefix("broker-0")
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		render(dst, src, p, lineStart)
	}
}

// BenchmarkLogs has three writers print lines of 100 bytes as fast as they
// can, 64 KiB or one line a write, with a unifier and without one (the floor).
func BenchmarkLogs(b *testing.B) {
	for _, c := range []struct {
		name        string
		size, lines int
	}{{"blocks", 64 << 10, 2_000_000}, {"lines", 1, 1_000_000}} {
		b.Run(c.name, func(b *testing.B) {
			var floor, with, alone, cpu, peak []float64
			for b.Loop() {
				f, _ := load(b, c.lines, c.size, false)
				floor = append(floor, f.writers)
				w, state := load(b, c.lines, c.size, true)
				with = append(with, w.all)
				alone = append(alone, w.writers)
				gb := float64(3*c.lines*100) / 1e9
				cpu = append(cpu, (state.UserTime()+state.SystemTime()).Seconds()/gb)
				peak = append(peak, float64(state.SysUsage().(*syscall.Rusage).Maxrss)/1024)
			}
			mb := float64(3*c.lines*100) / 1e6
			// The fastest of each: what else runs on the machine only slows down.
			b.ReportMetric(mb/slices.Min(floor), "floor-MB/s")
			b.ReportMetric(mb/slices.Min(with), "MB/s")
			b.ReportMetric(slices.Min(floor)/slices.Min(with), "of-floor")
			b.ReportMetric(slices.Min(alone)/slices.Min(floor), "slowdown")
			b.ReportMetric(slices.Min(cpu), "cpu-s/GB")
			b.ReportMetric(slices.Max(peak), "peak-MB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

type took struct{ writers, all float64 } // seconds

func load(b *testing.B, lines, size int, unified bool) (took, *os.ProcessState) {
	dir, opts := newDir(b)
	defer os.RemoveAll(dir)
	names := []string{"w0", "w1", "w2"}
	var state *os.ProcessState
	stop := func() {}
	if unified {
		u := child(b, append([]string{"unify", dir, "0"}, names...)...)
		in, err := u.StdinPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := u.Start(); err != nil {
			b.Fatal(err)
		}
		stop = func() {
			in.Close()
			u.Wait()
			state = u.ProcessState
		}
		time.Sleep(100 * time.Millisecond)
	}
	start := time.Now()
	done := make(chan error, len(names))
	for _, n := range names {
		w := child(b, "write", filepath.Join(dir, "logs", n+".log"), n, fmt.Sprint(lines), fmt.Sprint(size))
		if err := w.Start(); err != nil {
			b.Fatal(err)
		}
		go func() { done <- w.Wait() }()
	}
	for range names {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	t := took{writers: time.Since(start).Seconds()}
	want := int64(len(names) * lines * (100 + len(Prefix("w0"))))
	for end := time.Now().Add(time.Minute); unified && time.Now().Before(end); {
		if st, err := os.Stat(opts.Unified); err == nil && st.Size() >= want {
			break
		}
		time.Sleep(time.Millisecond)
	}
	t.all = time.Since(start).Seconds()
	stop()
	return t, state
}

// BenchmarkDelay is the time from a write to the line in the unified log on an
// idle system.
func BenchmarkDelay(b *testing.B) {
	dir, opts := newDir(b)
	u := child(b, "unify", dir, "0", "a")
	in, err := u.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := u.Start(); err != nil {
		b.Fatal(err)
	}
	defer u.Wait()
	defer in.Close()
	path := filepath.Join(dir, "logs", "a.log")
	w, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	want := int64(0)
	var delays []float64
	for b.Loop() {
		time.Sleep(60 * time.Millisecond) // it goes idle
		start := time.Now()
		fmt.Fprintln(w, "hello")
		want += int64(len(line("a", "hello")))
		for {
			if st, err := os.Stat(opts.Unified); err == nil && st.Size() == want {
				break
			}
			time.Sleep(20 * time.Microsecond)
		}
		delays = append(delays, float64(time.Since(start).Microseconds())/1000)
	}
	slices.Sort(delays)
	b.ReportMetric(median(delays), "median-ms")
	b.ReportMetric(delays[len(delays)*99/100], "p99-ms")
	b.ReportMetric(0, "ns/op")
}
