package supervise

import (
	"os"
	"slices"
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

func TestTheProgramGoesOnAfterItsRelease(t *testing.T) {
	for range 3 {
		releaseProgram()
		if _, err := os.Stat("."); err != nil {
			t.Fatal(err)
		}
		if _, err := identify(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
}
