package supervise

import (
	"sync"

	"golang.org/x/sys/unix"
)

const zombie = 5 // SZOMB of sys/proc.h

// bootID is not kern.boottime: that one moves with the clock.
var bootID = sync.OnceValue(func() string {
	id, _ := unix.Sysctl("kern.bootsessionuuid")
	return id
})

func identify(pid int) (Identity, error) {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(k.Proc.P_pid) != pid || k.Proc.P_stat == zombie {
		return Identity{}, errGone
	}
	start := uint64(k.Proc.P_starttime.Sec)*1e6 + uint64(k.Proc.P_starttime.Usec)
	return Identity{PID: pid, Start: start, Boot: bootID()}, nil
}

func childPIDs(pid int) []int {
	all, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil
	}
	var pids []int
	for _, k := range all {
		if int(k.Eproc.Ppid) == pid {
			pids = append(pids, int(k.Proc.P_pid))
		}
	}
	return pids
}

// groupAlive tells whether a process group has a member that is no zombie.
func groupAlive(pgid int) bool {
	members, err := unix.SysctlKinfoProcSlice("kern.proc.pgrp", pgid)
	for _, k := range members {
		if k.Proc.P_stat != zombie {
			return true
		}
	}
	return err != nil
}
