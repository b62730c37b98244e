package supervise

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestAnotherUserIsNotHeard(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	pr := newProject(t)
	pr.add("core-0")
	pr.start(StartOptions{})
	// As a mount may, the folder lets everybody in.
	for path, mode := range map[string]os.FileMode{pr.local.Project(): 0o755, filepath.Dir(pr.local.Project()): 0o755, string(pr.local): 0o755, pr.local.Run(): 0o755, pr.local.Socket(): 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(uid uintptr) (answer string) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // for good: the thread that is somebody else ends with this
			if _, _, e := syscall.RawSyscall(syscall.SYS_SETRESUID, ^uintptr(0), uid, ^uintptr(0)); e != 0 {
				t.Error(e)
				return
			}
			conn, err := dialSocket(pr.local)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			conn.Write([]byte(`{"op":"status"}` + "\n"))
			answer, _ = bufio.NewReader(conn).ReadString('\n')
		}()
		<-done
		return answer
	}
	if ask(0) == "" {
		t.Error("its own user is not heard")
	}
	if got := ask(54321); got != "" {
		t.Errorf("another user is answered: %s", got)
	}
	if log := pr.log("supervisor"); !strings.Contains(log, "user 54321 is not this supervisor's") {
		t.Errorf("the log does not tell: %s", log)
	}
}
