//go:build linux

package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/proc"
)

// settle ends the faults, starts what does not run, and proves that all is
// well.
func (f *faults) settle() {
	f.commands.Wait()
	os.Remove(f.fill())
	f.signalSupervisor(syscall.SIGCONT)
	if f.Failed() {
		return
	}
	f.note("settle")
	steady := f.steady && f.supervisorPID() == 0
	f.startAll()
	for _, check := range []func() error{
		f.checkHealthy, f.checkOrphans, f.checkPorts, f.checkState, f.checkFlags, f.checkAnswers, f.checkLogs,
	} {
		if err := within(10*time.Second, check); err != nil {
			f.fail("%v", err)
			return
		}
	}
	if !f.stranger.Alive() {
		f.fail("the stranger was ended")
	}
	for _, p := range f.status().Processes {
		if old := f.pids[p.Name]; steady && old != 0 && old != p.PID {
			f.fail("%s was restarted instead of adopted: pid %d, then %d", p.Name, old, p.PID)
		}
		f.pids[p.Name] = p.PID
	}
	f.steady = true
	if f.removed {
		f.freshLogs()
	}
}

// within polls until check finds nothing wrong, and returns what it found last.
func within(limit time.Duration, check func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := check()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// startAll starts everything. It may take more than one command: a process
// that waits to be restarted once more fails one.
func (f *faults) startAll() {
	deadline := time.Now().Add(commandTime)
	for {
		_, wait := f.command("start", f.plan)
		err := wait()
		if err == nil || f.Failed() {
			return
		}
		f.note("          start: %v", err)
		if time.Now().After(deadline) {
			f.fail("it does not start any more: %v", err)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (f *faults) checkHealthy() error {
	st, err := f.client().Status(f.Context())
	switch {
	case err != nil:
		return err
	case !st.Supervisor.Alive || len(st.Processes) != len(f.plan.Processes):
		return fmt.Errorf("status: %+v", st)
	}
	for _, p := range st.Processes {
		if p.State != Healthy || p.PID == 0 || p.PID == f.stranger.PID {
			return fmt.Errorf("%s: %+v", p.Name, p)
		}
		if _, err := proc.Identify(p.PID); err != nil {
			return fmt.Errorf("%s: pid %d: %w", p.Name, p.PID, err)
		}
	}
	return nil
}

// listed are the pids that status tells of.
func (f *faults) listed() map[int]bool {
	pids := map[int]bool{}
	for _, p := range f.status().Processes {
		if p.PID != 0 {
			pids[p.PID] = true
		}
	}
	return pids
}

// checkOrphans finds what belongs to the project and to no listed process: by
// its mark, and nginx, which overwrites that, by its command line.
func (f *faults) checkOrphans() error {
	listed := f.listed()
	supervisors := 0
	for _, pid := range allPIDs() {
		if f.isSupervisor(pid) {
			supervisors++
			continue
		}
		ours := proc.Marked(pid, f.local)
		if f.nginx != "" && !ours {
			line := proc.CommandLine(pid)
			ours = strings.Contains(line, "-p "+f.plan.Processes[len(f.plan.Processes)-1].Dir) || strings.HasPrefix(line, "nginx: worker") && f.cwd(pid)
		}
		if ours && !f.descends(pid, listed) && f.lives(pid) {
			return fmt.Errorf("orphan: pid %d: %s", pid, proc.CommandLine(pid))
		}
	}
	if supervisors > 1 || supervisors == 0 && len(listed) > 0 {
		return fmt.Errorf("%d supervisors", supervisors)
	}
	return nil
}

func (f *faults) lives(pid int) bool {
	_, err := proc.Identify(pid)
	return err == nil
}

// cwd tells whether a process runs in nginx's folder.
func (f *faults) cwd(pid int) bool {
	dir, _ := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return dir == f.plan.Processes[len(f.plan.Processes)-1].Dir
}

// descends tells whether a process, or one that it comes from, is listed.
func (f *faults) descends(pid int, listed map[int]bool) bool {
	for ; pid > 1; pid = parent(pid) {
		if group, err := syscall.Getpgid(pid); listed[pid] || err == nil && listed[group] {
			return true
		}
	}
	return false
}

// checkPorts proves that each port is held by its process (or the supervisor,
// which keeps what it hands over).
func (f *faults) checkPorts() error {
	listed := f.listed()
	for _, p := range f.plan.Processes {
		h := proc.PortHolder(p.Port)
		if h.PID == 0 || !f.descends(h.PID, listed) && !(p.Listen && f.isSupervisor(h.PID)) {
			return fmt.Errorf("port %d of %s is held by %s", p.Port, p.Name, h)
		}
	}
	return nil
}

// checkState compares what is on disk with what status says.
func (f *faults) checkState() error {
	status := f.status()
	st, err := loadState(f.local)
	if err != nil {
		return err
	}
	if st.Supervisor.PID != status.Supervisor.PID || !st.Supervisor.Alive() || len(st.Processes) != len(status.Processes) {
		return fmt.Errorf("state.json: %+v, status: %+v", st.Supervisor, status)
	}
	for i, p := range status.Processes {
		if sp := st.Processes[i]; sp.Process.Name != p.Name || sp.ID.PID != p.PID || !sp.ID.Alive() {
			return fmt.Errorf("state.json says %+v, status %+v", sp, p)
		}
		b, err := os.ReadFile(f.local.Pid(p.Name))
		damaged, ok := f.pidFiles[p.Name]
		if ok && string(b) == damaged {
			continue
		}
		if err != nil || strings.TrimSpace(string(b)) != strconv.Itoa(p.PID) {
			return fmt.Errorf("pid file of %s: %q, %w; status: %d", p.Name, b, err, p.PID)
		}
	}
	return nil
}

// checkFlags proves that no flag of a rolling restart is left.
func (f *faults) checkFlags() error {
	flags, _ := os.ReadDir(filepath.Dir(f.local.Aside("x")))
	if len(flags) > 0 {
		return fmt.Errorf("the gateway is turned aside from %s", flags[0].Name())
	}
	return nil
}

// checkAnswers asks each server who it is.
func (f *faults) checkAnswers() error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	for _, p := range f.plan.Processes {
		who := p.Name
		if who == f.nginx {
			who = "core-0"
		}
		r, err := client.Get(p.URL + "/health")
		if err != nil {
			return err
		}
		b, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if pid := f.project.process(who).PID; string(b) != strconv.Itoa(pid) {
			return fmt.Errorf("%s answers %q, its pid is %d", p.Name, b, pid)
		}
	}
	return nil
}

func (f *faults) logNames() []string {
	var names []string
	for _, p := range f.plan.Processes {
		names = append(names, p.Name)
	}
	return append(names, supervisorName)
}

func (f *faults) logPath(name string) string { return f.local.Log(name) }

func sizeOf(path string) int64 {
	st, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return st.Size()
}

// checkLogs proves that the unified log has what the files have, once and in
// order. Where logs were removed or the disk was full, lines may be missing
// that were written by then, but none is doubled, and what was written later
// is there.
func (f *faults) checkLogs() error {
	files := map[string][]byte{} // read first: the unified log may be further on
	for _, name := range f.logNames() {
		b, err := os.ReadFile(f.logPath(name))
		// The supervisor's own comes back with the next supervisor.
		if err != nil && !(errors.Is(err, os.ErrNotExist) && (f.removed || name == supervisorName)) {
			return err
		}
		files[name] = b
	}
	unified, err := os.ReadFile(f.local.Unified())
	if err != nil {
		return err
	}
	streams := splitUnified(unified)
	for name, file := range files {
		if bytes.Contains(file, []byte("DATA RACE")) || bytes.Contains(file, []byte("panic: ")) {
			return fmt.Errorf("%s.log: %s", name, file)
		}
		seen, err := numbered(streams[name])
		if err != nil {
			return fmt.Errorf("unified log, %s: %w", name, err)
		}
		if !f.removed && !bytes.HasPrefix(streams[name], file) && !bytes.Contains(streams[name], file) {
			return fmt.Errorf("the unified log differs from %s.log: %s", name, difference(streams[name], file))
		}
		if f.skip[name] > int64(len(file)) {
			f.skip[name] = 0
		}
		later, err := numbered(file[f.skip[name]:])
		if err != nil {
			return fmt.Errorf("%s.log: %w", name, err)
		}
		var lost []string
		for l := range later {
			if !seen[l] {
				lost = append(lost, l)
			}
		}
		if slices.Sort(lost); len(lost) > 0 {
			return fmt.Errorf("the unified log lacks %d of %d lines of %s.log, from %q to %q", len(lost), len(later), name, lost[0], lost[len(lost)-1])
		}
	}
	return nil
}

// splitUnified takes the unified log apart into what each process wrote.
func splitUnified(unified []byte) map[string][]byte {
	streams := map[string][]byte{}
	for line := range bytes.Lines(unified) {
		name, text, ok := bytes.Cut(line, []byte(">> "))
		if !ok {
			continue
		}
		n := string(bytes.TrimSpace(name))
		text = bytes.TrimPrefix(text, []byte(logs.Mark))
		streams[n] = append(streams[n], bytes.TrimSuffix(text, []byte(logs.Mark+"\n"))...)
	}
	return streams
}

// numbered finds the whole numbered lines of a log; in each process's they
// count upwards.
func numbered(log []byte) (map[string]bool, error) {
	lines, last := map[string]bool{}, map[string]int{}
	for line := range strings.Lines(string(log)) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[0] != "line" || len(fields[2]) != 8 || !strings.HasSuffix(line, "\n") {
			continue
		}
		n, err := strconv.Atoi(fields[2])
		if err != nil {
			continue
		}
		if old, ok := last[fields[1]]; ok && n <= old {
			return nil, fmt.Errorf("line %d of process %s comes after line %d", n, fields[1], old)
		}
		last[fields[1]] = n
		lines[line] = true
	}
	return lines, nil
}

func difference(got, want []byte) string {
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	end := func(b []byte) string { return string(b[max(0, n-100):min(len(b), n+200)]) }
	return fmt.Sprintf("at byte %d of %d: got\n%q\nwant\n%q", n, len(want), end(got), end(want))
}

// freshLogs makes everything write to files that are there, from their
// beginning.
func (f *faults) freshLogs() {
	for _, verb := range []string{"restart", "clean"} {
		_, wait := f.command(verb, f.plan)
		if err := wait(); err != nil {
			f.fail("%v", err)
			return
		}
	}
	f.removed = false
	clear(f.skip)
	clear(f.pids)
}

// finish stops everything and proves that nothing is left.
func (f *faults) finish() {
	if f.Failed() {
		return
	}
	f.note("stop")
	_, wait := f.command("stop", f.plan)
	if err := wait(); err != nil {
		f.fail("%v", err)
	}
	if left := f.marked(); len(left) > 0 || f.supervisorPID() != 0 {
		f.fail("left running: %v, supervisor %d", left, f.supervisorPID())
	}
	for _, p := range f.plan.Processes {
		if err := checkPort(p); err != nil {
			f.fail("%v", err)
		}
	}
	for _, dir := range []string{f.local.Pids(), f.local.Run()} {
		files, _ := os.ReadDir(dir)
		for _, file := range files {
			if file.Name() != "lock" && file.Name() != filepath.Base(local.AsideDir) && file.Name() != filepath.Base(f.local.Checkpoint()) {
				f.fail("left on disk: %s", filepath.Join(dir, file.Name()))
			}
		}
	}
	if !f.stranger.Alive() {
		f.fail("the stranger was ended")
	}
}
