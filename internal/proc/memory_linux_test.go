package proc

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestOnlyUnchangedPartsOfTheProgramAreReleased(t *testing.T) {
	const smaps = `00400000-00950000 r-xp 00000000 fe:00 10117158                           /bin/muster
Rss:                3000 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me sd
00950000-00960000 r--p 00550000 fe:00 10117158                           /bin/muster
Anonymous:            16 kB
00960000-00970000 r--p 00560000 fe:00 10117158                           /bin/muster
Anonymous:             0 kB
00ea8000-00f08000 rw-p 00aa8000 fe:00 10117158                           /bin/muster
Anonymous:             0 kB
7f0000000000-7f0000001000 r-xp 00000000 fe:00 1                          /lib/libc.so
Anonymous:             0 kB
7ffc00000000-7ffc00001000 r-xp 00000000 00:00 0
Anonymous:             0 kB
`
	want := []mapping{{0x400000, 0x950000}, {0x960000, 0x970000}}
	if got := unchangedMappings(smaps, "/bin/muster"); !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

// It is not parallel: other tests would read the program back meanwhile.
func TestAReleasedProgramGivesItsMemoryBackAndGoesOn(t *testing.T) {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open("/proc/self/mem") // a read brings what is read into the memory
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	parts := unchangedMappings(string(smaps), exe)
	read := func() (sum [sha256.Size]byte, size int) {
		h := sha256.New()
		for _, m := range parts {
			n, err := io.Copy(h, io.NewSectionReader(mem, int64(m.from), int64(m.to-m.from)))
			if err != nil {
				t.Fatal(err)
			}
			size += int(n)
		}
		return [sha256.Size]byte(h.Sum(nil)), size
	}
	before, size := read()
	resident := fileMemory(t)
	ReleaseProgram()
	// What goes on running comes back at once, with the pages around it: of a
	// program as small as this one that is half.
	if released := resident - fileMemory(t); released < size/3 {
		t.Errorf("of %d bytes %d were given back", size, released)
	}
	if after, _ := read(); after != before {
		t.Error("the program is another one now")
	}
}

// fileMemory is how many bytes of files are in our memory (proc_pid_status(5)).
func fileMemory(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "RssFile:")
	var kB int
	if _, err := fmt.Sscan(rest, &kB); err != nil {
		t.Fatal(err)
	}
	return kB << 10
}
