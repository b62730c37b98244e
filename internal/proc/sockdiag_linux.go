package proc

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// diagListeners asks the kernel for the listening sockets alone (sock_diag(7)):
// to read them from /proc/net/tcp it has to walk the table of all connections,
// which takes milliseconds.
func diagListeners() (map[string]netip.AddrPort, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	at := map[string]netip.AddrPort{}
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		if err := diagFamily(fd, family, at); err != nil {
			return nil, err
		}
	}
	return at, nil
}

// The layout of struct inet_diag_req_v2 and struct inet_diag_msg.
const (
	diagByFamily  = 20 // SOCK_DIAG_BY_FAMILY
	stateListen   = 10 // TCP_LISTEN
	diagReqLen    = unix.SizeofNlMsghdr + 56
	diagReqStates = unix.SizeofNlMsghdr + 4
	diagMsgLen    = 72
	diagMsgPort   = 4
	diagMsgSource = 8
	diagMsgInode  = 68
)

func diagFamily(fd int, family byte, at map[string]netip.AddrPort) error {
	req := make([]byte, diagReqLen)
	binary.NativeEndian.PutUint32(req[0:], diagReqLen)
	binary.NativeEndian.PutUint16(req[4:], diagByFamily)
	binary.NativeEndian.PutUint16(req[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	req[unix.SizeofNlMsghdr], req[unix.SizeofNlMsghdr+1] = family, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(req[diagReqStates:], 1<<stateListen)
	if err := unix.Sendto(fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	buf := make([]byte, 32<<10)
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err != nil {
			return os.NewSyscallError("recvfrom", err)
		}
		messages, err := syscall.ParseNetlinkMessage(buf[:n])
		if err != nil {
			return err
		}
		for _, m := range messages {
			switch {
			case m.Header.Type == unix.NLMSG_DONE:
				return nil
			case m.Header.Type == unix.NLMSG_ERROR || len(m.Data) < diagMsgLen:
				return fmt.Errorf("sock_diag: answer of type %d", m.Header.Type)
			}
			size := 4
			if family == unix.AF_INET6 {
				size = 16
			}
			addr, _ := netip.AddrFromSlice(m.Data[diagMsgSource : diagMsgSource+size])
			port := binary.BigEndian.Uint16(m.Data[diagMsgPort:])
			inode := binary.NativeEndian.Uint32(m.Data[diagMsgInode:])
			at[fmt.Sprintf("socket:[%d]", inode)] = netip.AddrPortFrom(addr.Unmap(), port)
		}
	}
}
