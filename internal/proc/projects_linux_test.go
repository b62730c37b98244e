package proc

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"muster/internal/local"
)

// TestProjectsAreThoseOfThisUser starts what looks like supervisors: one of ours, and
// one of another user.
func TestProjectsAreThoseOfThisUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root starts another user's processes")
	}
	begin := func(name string, uid uint32) (local.Dir, int) {
		dir := local.Of(t.TempDir() + name)
		cmd := exec.Command("sleep", "60")
		cmd.Dir, cmd.Env = "/", append(os.Environ(), SupervisorMark(dir))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cmd.Process.Kill()
			cmd.Wait()
		})
		return dir, cmd.Process.Pid
	}
	ours, pid := begin("ours", uint32(os.Geteuid()))
	theirs, _ := begin("theirs", 65534)
	found, err := Projects()
	if err != nil || found[ours] != pid {
		t.Errorf("%v, %v", found, err)
	}
	if _, shown := found[theirs]; shown {
		t.Error("another user's project is shown")
	}
}
