//go:build linux

package supervise

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"muster/internal/plan"
	"muster/internal/proc"
)

// disturb lets one fault happen, and a moment pass. Whatever happens takes the
// same numbers from the seed, so that the next fault does not depend on it.
func (f *faults) disturb() {
	kind, victim, length, pause := f.rand.IntN(125), f.rand.IntN(1<<16), f.rand.IntN(400), f.rand.IntN(200)
	f.inflict(kind, victim, time.Duration(length)*time.Millisecond)
	time.Sleep(time.Duration(pause) * time.Millisecond)
}

func (f *faults) inflict(kind, victim int, length time.Duration) {
	spec := f.plan.Processes[victim%len(f.plan.Processes)]
	only := []string{spec.Name}
	switch {
	case kind < 15:
		f.steady = false
		f.note("kill %s", spec.Name)
		f.killProcess(spec.Name)
	case kind < 20:
		f.steady = false
		name := []string{"forker-0", "nested-0", f.nginx}[victim%3]
		f.note("kill a descendant of %s", name)
		f.killDescendant(name, victim)
	case kind < 32:
		f.note("kill the supervisor")
		f.signalSupervisor(syscall.SIGKILL)
	case kind < 34:
		f.steady = false
		f.note("tell the supervisor to end")
		f.signalSupervisor(syscall.SIGTERM)
	case kind < 40:
		f.note("stop the supervisor for %s", length)
		pid := f.supervisorPID()
		if pid != 0 && syscall.Kill(pid, syscall.SIGSTOP) == nil {
			f.after(length, func() {
				if f.isSupervisor(pid) {
					syscall.Kill(pid, syscall.SIGCONT)
				}
			})
		}
	case kind < 50:
		f.run("start", 0)
	case kind < 53:
		f.run("start", 0, only...)
	case kind < 57:
		f.steady = false // a start that is given up stops what it started
		f.run("start", length)
	case kind < 60:
		f.steady = false
		f.run("stop", 0)
	case kind < 62:
		f.steady = false
		f.run("stop", length/4)
	case kind < 65:
		f.steady = false
		f.run("stop", 0, only...)
	case kind < 68:
		f.steady = false
		f.run("restart", 0)
	case kind < 71:
		f.steady = false
		f.run("restart", 0, only...)
	case kind < 74:
		f.run("status", 0)
	case kind < 77:
		f.steady = false
		f.plans++
		next := slices.Clone(f.plan.Processes)
		next[victim%len(next)].Env = []string{fmt.Sprintf("FORM=%d", f.plans)}
		f.plan.Processes = next
		f.run("reload", 0)
	case kind < 82:
		f.run("clean", 0)
	case kind < 84:
		f.run("clean", length/8)
	case kind < 88:
		f.note("remove the logs")
		f.removed = true
		os.RemoveAll(f.local.Logs())
		for _, name := range f.logNames() {
			f.skip[name] = sizeOf(f.logPath(name))
		}
	case kind < 91:
		f.note("damage the pid file of %s", spec.Name)
		// It is written again when the process or the supervisor changes.
		f.pidFiles[spec.Name] = []string{"", "garbage", strconv.Itoa(f.stranger.PID)}[victim%3]
		os.WriteFile(f.local.Pid(spec.Name), []byte(f.pidFiles[spec.Name]), 0o600)
	case kind < 95:
		f.steady = false
		f.damageState(victim)
	case kind < 100:
		if !f.full {
			return
		}
		f.note("fill the disk for %s", length)
		f.removed = true
		exec.Command("dd", "if=/dev/zero", "of="+f.fill(), "bs=4k").Run()
		f.after(length, func() { os.Remove(f.fill()) })
	case kind < 104:
		f.note("leave the supervisor no descriptors for %s", length)
		f.takeDescriptors(length)
	case kind < 108:
		f.note("leave the supervisor no processes for %s", length)
		f.takeProcesses(length)
	case kind < 112:
		f.note("make the disk read-only for %s", length)
		f.protect(length)
	case kind < 115:
		f.steady = false
		f.note("remove .local")
		f.clean()
	case kind < 118:
		f.inCopy([]string{"stop", "status", "restart", "clean"}[victim%4])
	case kind < 122:
		f.steady = false
		f.roll(0)
	default:
		f.steady = false
		f.roll(length * 4)
	}
}

// after does something later; settle waits for it.
func (f *faults) after(d time.Duration, do func()) {
	f.commands.Go(func() {
		time.Sleep(d)
		do()
	})
}

// run lets a command run beside all that happens, and kills it after a time if
// that is not 0. That it fails is to be expected; that it hangs is not.
func (f *faults) run(verb string, killAfter time.Duration, names ...string) {
	f.runWith(f.plan, verb, killAfter, names...)
}

func (f *faults) runWith(p plan.Plan, verb string, killAfter time.Duration, names ...string) {
	f.note("%s %s, killed after %s", verb, strings.Join(names, " "), killAfter)
	proc, wait := f.command(verb, p, names...)
	f.commands.Go(func() {
		if killAfter > 0 {
			defer time.AfterFunc(killAfter, func() { proc.Kill() }).Stop()
		}
		err := wait()
		f.note("          %s %s ended: %v", verb, strings.Join(names, " "), err)
	})
}

// saved is what state.json says of a process, damaged or not.
func (f *faults) saved(name string) proc.Identity {
	st, _ := loadState(f.local)
	for _, p := range st.Processes {
		if p.Process.Name == name && p.ID.Alive() {
			return p.ID
		}
	}
	return proc.Identity{}
}

func (f *faults) killProcess(name string) {
	if id := f.saved(name); id.PID != 0 {
		syscall.Kill(id.PID, syscall.SIGKILL)
	}
}

func (f *faults) killDescendant(name string, n int) {
	if id := f.saved(name); id.PID != 0 {
		if pids := proc.Children(id.PID); len(pids) > 0 {
			syscall.Kill(pids[n%len(pids)], syscall.SIGKILL)
		}
	}
}

func (f *faults) damageState(n int) {
	b, err := os.ReadFile(f.local.State())
	if err != nil {
		return
	}
	how := []string{"cut off", "empty", "garbage", "removed", "a stranger's pid"}[n%5]
	f.note("damage state.json: %s", how)
	switch how {
	case "cut off":
		b = b[:len(b)/2]
	case "empty":
		b = nil
	case "garbage":
		b = []byte("\x00\xff{]")
	case "removed":
		os.Remove(f.local.State())
		return
	default:
		st, err := loadState(f.local)
		if err != nil || len(st.Processes) == 0 {
			return
		}
		st.Processes[n/5%len(st.Processes)].ID.PID = f.stranger.PID
		st.save(f.local)
		return
	}
	os.WriteFile(f.local.State(), b, 0o600)
}
