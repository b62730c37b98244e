package proc

import (
	"errors"
	"os"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

const zombie = 5 // SZOMB of sys/proc.h

// bootID is not kern.boottime: that one moves with the clock.
var bootID = sync.OnceValue(func() string {
	id, _ := unix.Sysctl("kern.bootsessionuuid")
	return id
})

// look reads kinfo_proc (sys/sysctl.h). What a process uses is not known
// without cgo.
func look(pid int) (info, error) {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(k.Proc.P_pid) != pid {
		return info{}, ErrGone
	}
	session, _ := unix.Getsid(pid)
	return info{
		parent: int(k.Eproc.Ppid), group: int(k.Eproc.Pgid), session: session,
		start:  uint64(k.Proc.P_starttime.Sec)*1e6 + uint64(k.Proc.P_starttime.Usec),
		ended:  k.Proc.P_stat == zombie,
		status: syscall.WaitStatus(k.Proc.P_xstat),
	}, nil
}

var errNotTold = errors.New("macOS does not tell of other processes")

func environ(int) ([]byte, error)          { return nil, errNotTold }
func arguments(int) ([]byte, error)        { return nil, errNotTold }
func ownedBy(int, int) bool                { return false }
func opened(int, int) (os.FileInfo, error) { return nil, errNotTold }
func outputs(int) []string                 { return nil }

func listens(pid int, ports []int) bool {
	return slices.ContainsFunc(ports, func(port int) bool { return port != 0 && PortHolder(port).PID == pid })
}

func PIDNamespace() string { return "" }
func reachable(int) bool   { return true }

func allPIDs() []int { return table(func(unix.KinfoProc) bool { return true }) }

func Children(pid int) []int {
	return table(func(k unix.KinfoProc) bool { return int(k.Eproc.Ppid) == pid })
}

func inherited() []int { return Children(os.Getpid()) }

// table lists the processes that ok holds of.
func table(ok func(unix.KinfoProc) bool) []int {
	all, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil
	}
	var pids []int
	for _, k := range all {
		if ok(k) {
			pids = append(pids, int(k.Proc.P_pid))
		}
	}
	return pids
}

func groupAlive(pgid int) bool {
	members, err := unix.SysctlKinfoProcSlice("kern.proc.pgrp", pgid)
	for _, k := range members {
		if k.Proc.P_stat != zombie {
			return true
		}
	}
	return err != nil
}
