package proc

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"

	"muster/internal/hint"
)

// Windows has no process groups, no descriptors that a supervisor hands over and
// no signals. What needs none of them works here; all else fails with this.
var errUnsupported = hint.With(errors.New("processes are not supervised on Windows"),
	"use WSL: type the same there, in the project's folder (wsl --install, if there is none yet)")

// Supervises says that this is Windows.
func Supervises() error { return errUnsupported }

// The table of processes: none of it is asked for, since nothing was started.

func bootID() string                       { return "" }
func look(int) (info, error)               { return info{}, errUnsupported }
func allPIDs() []int                       { return nil }
func Children(int) []int                   { return nil }
func inherited() []int                     { return nil }
func groupAlive(int) bool                  { return false }
func environ(int) ([]byte, error)          { return nil, errUnsupported }
func ownedBy(int, int) bool                { return false }
func arguments(int) ([]byte, error)        { return nil, errUnsupported }
func opened(int, int) (os.FileInfo, error) { return nil, errUnsupported }
func outputs(int) []string                 { return nil }
func listens(int, []int) bool              { return false }
func PIDNamespace() string                 { return "" }
func reachable(int) bool                   { return false }

func signalOne(Identity, syscall.Signal) error { return errUnsupported }
func kill(int, syscall.Signal) error           { return errUnsupported }
func SignalOf(string) syscall.Signal           { return 0 }
func signalName(s syscall.Signal) string       { return "signal " + strconv.Itoa(int(s)) }
func jobControl() []os.Signal                  { return nil }
func DefaultSignals()                          {}

// The end of a process.

type exitWatch struct{}

func (exitWatch) wait()  {}
func (exitWatch) close() {}

func forkWatched(string, []string, *syscall.ProcAttr) (int, exitWatch, error) {
	return 0, exitWatch{}, errUnsupported
}

func watchPID(int) (exitWatch, error) { return exitWatch{}, errUnsupported }

func waitChild(int, bool) (int, syscall.WaitStatus, error) {
	return 0, syscall.WaitStatus{}, errUnsupported
}

func ownGroup() *syscall.SysProcAttr           { return nil }
func OwnSession() *syscall.SysProcAttr         { return nil }
func AwaitChildEnd(ctx context.Context, _ int) { <-ctx.Done() }
func BecomeSubreaper() (stop func())           { return func() {} }
func HasChildren() bool                        { return false }
func KeepToUs(int) bool                        { return false }
func Exists(int) bool                          { return false }
func reapInherited()                           {}

// Ports, sockets and memory.

func PortHolder(int) Holder                                    { return Holder{} }
func listeners() map[string]netip.AddrPort                     { return nil }
func heldBy(int, map[string]netip.AddrPort) []netip.AddrPort   { return nil }
func connected(int) bool                                       { return false }
func inheritSocket(exitWatch, int, int) Socket                 { return NoSocket }
func noDelay(uintptr) error                                    { return nil }
func copySocket(uintptr) (Socket, error)                       { return NoSocket, errUnsupported }
func closeSocket(Socket)                                       {}
func makeFIFO(string) error                                    { return errUnsupported }
func makeBlocking(*os.File) error                              { return nil }
func PeerUID(*net.UnixConn) (int, error)                       { return 0, errUnsupported }
func WithSocketPath(_ string, _ func(path string) error) error { return errUnsupported }
func ReleaseProgram()                                          {}
