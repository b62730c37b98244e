package targets_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// processesOf lists the living processes of a project: those that carry its
// mark, name its folder on their command line, or have a file in it open. (A
// worker of nginx has nothing but the last.)
func processesOf(root string) []leftProcess {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	var found []leftProcess
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || pid == os.Getpid() || !lives(pid) {
			continue
		}
		args, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		if marked(dir, root) || bytes.Contains(args, []byte(root)) || holds(dir, root) {
			found = append(found, leftProcess{pid, string(bytes.ReplaceAll(bytes.TrimRight(args, "\x00"), []byte{0}, []byte{' '}))})
		}
	}
	return found
}

func marked(proc, root string) bool {
	env, _ := os.ReadFile(filepath.Join(proc, "environ"))
	return bytes.Contains(append([]byte{0}, env...), []byte("\x00MUSTER_PROJECT="+root+"\x00"))
}

func holds(proc, root string) bool {
	fds, _ := filepath.Glob(filepath.Join(proc, "fd", "*"))
	for _, fd := range fds {
		if file, err := os.Readlink(fd); err == nil && strings.HasPrefix(file, root+"/") {
			return true
		}
	}
	return false
}

// lives tells whether a process runs; a zombie does not.
func lives(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	rest := stat[bytes.LastIndexByte(stat, ')')+1:]
	return len(rest) > 1 && !strings.ContainsRune("ZX", rune(rest[1]))
}
