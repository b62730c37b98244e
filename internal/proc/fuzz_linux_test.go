package proc

import (
	"os"
	"strings"
	"testing"

	"muster/internal/fuzztest"
)

// FuzzStat tries that a process cannot make itself look like another one by its name.
func FuzzStat(f *testing.F) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stat, "x")
	f.Add(stat, "x) Z 1 1 1 ")
	f.Add([]byte("1 (x) S 99999999999999999999"), "\n")
	own, ok := parseStat(stat)
	if !ok {
		f.Fatalf("%s is none", stat)
	}
	_, rest, _ := strings.Cut(string(stat), ")")
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		fuzztest.Bound(t)
		parseStat(b)
		if strings.Contains(rest, ")") { // the test binary has a name of that kind
			return
		}
		if p, ok := parseStat([]byte("1 (" + name + ")" + rest)); !ok || p != own {
			t.Errorf("%q is %+v", name, p)
		}
	})
}

func FuzzEnd(f *testing.F) {
	for _, s := range []string{"0100007F:1F90", "00000000000000000000000001000000:0050", "00:0", "0100007F", ":", "0100007F:10000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fuzztest.Bound(t)
		if at, err := parseEnd(s); err == nil && !at.Addr().IsValid() {
			t.Errorf("%q is %v", s, at)
		}
	})
}

// FuzzSmaps tries that nothing is taken for the program's that is not mapped from it.
func FuzzSmaps(f *testing.F) {
	f.Add("00400000-00452000 r-xp 00000000 08:02 1 /x\nSize: 1 kB\nAnonymous: 0 kB\n", "/x")
	f.Add("ffffffffffffffff-0 r--p 0 0 0 /x\nAnonymous: 0 kB\nAnonymous: 0 kB\n", "/x")
	f.Fuzz(func(t *testing.T, smaps, file string) {
		fuzztest.Bound(t)
		for _, m := range unchangedMappings(smaps, file) {
			if m.to <= m.from || !strings.Contains(smaps, file) {
				t.Errorf("%+v", m)
			}
		}
	})
}

func FuzzVariable(f *testing.F) {
	f.Add([]byte("A=1\x00MUSTER_PROJECT=/x\x00MUSTER_PROCESS=a-0\x00"), "MUSTER_PROJECT")
	f.Add([]byte("nginx: master"), "")
	f.Fuzz(func(t *testing.T, env []byte, name string) {
		fuzztest.Bound(t)
		if v := variable(env, name); v != "" && !hasVariable(env, name+"="+v) {
			t.Errorf("%q of %q is %q", name, env, v)
		}
	})
}
