package proc

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ReleaseProgram gives the memory back that holds the program's own code and
// constants. The supervisor shares its binary with every command, and most of
// what its start reads of it is never needed again; what is comes back from
// the page cache, page by page (MADV_DONTNEED in madvise(2)).
func ReleaseProgram() {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	for _, m := range unchangedMappings(string(smaps), exe) {
		unix.Syscall(unix.SYS_MADVISE, m.from, m.to-m.from, unix.MADV_DONTNEED)
	}
}

type mapping struct{ from, to uintptr }

// unchangedMappings finds the parts of a file in the memory that are as they
// are in the file, and that nobody can write to (proc_pid_smaps(5)). A page
// that the dynamic linker has changed before it was sealed is anonymous: the
// file does not have what is in it.
func unchangedMappings(smaps, file string) []mapping {
	var found []mapping
	var m mapping
	for line := range strings.Lines(smaps) {
		f := strings.Fields(line)
		switch {
		case len(f) >= 5 && !strings.HasSuffix(f[0], ":"): // the head of a mapping
			m = mapping{}
			if len(f) != 6 || f[5] != file || f[1] != "r-xp" && f[1] != "r--p" {
				continue
			}
			low, high, _ := strings.Cut(f[0], "-")
			from, err1 := strconv.ParseUint(low, 16, 64)
			to, err2 := strconv.ParseUint(high, 16, 64)
			if err1 == nil && err2 == nil {
				m = mapping{uintptr(from), uintptr(to)}
			}
		case len(f) == 3 && f[0] == "Anonymous:" && f[1] == "0" && m.to > m.from:
			found = append(found, m)
		}
	}
	return found
}
