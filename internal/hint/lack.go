package hint

import (
	"errors"
	"syscall"
)

// lacks are what a machine can be short of, and what mends it.
var lacks = map[syscall.Errno]string{
	syscall.EMFILE:        "raise the limit of open files in this shell, then start again: ulimit -n 4096",
	syscall.ENFILE:        "the whole machine has no descriptor left: sysctl fs.file-nr shows them, sysctl fs.file-max raises the limit",
	syscall.EAGAIN:        "no more processes may be started: see ulimit -u, and pids.max of the container",
	syscall.ENOSPC:        "make room, or inodes: df -h . and df -i . show them",
	syscall.EDQUOT:        "your quota is used up: quota -s shows it",
	syscall.EADDRNOTAVAIL: "no interface has that address: those that there are shown by ip -brief address (ifconfig on macOS)",
	syscall.EROFS:         "make the file system writable: mount -o remount,rw it, or see why the system has closed it: dmesg",
}

func lackOf(err error) string {
	var no syscall.Errno
	errors.As(err, &no)
	return lacks[no]
}
