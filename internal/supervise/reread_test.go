package supervise

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestAConfigurationThatIsNotTakenIsToldOf(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	conf := filepath.Join(t.TempDir(), "conf")
	write(t, conf, "one")
	// As an nginx that refuses its new file: it lives on at SIGHUP, with the
	// children that it had.
	p := pr.add("gateway")
	p.ConfigFile = conf
	p.Args = []string{"sh", "-c", "trap '' HUP; sleep 3600 & exec \"$0\" \"$@\"", p.Exe, p.Args[1], p.Args[2], p.Args[3]}
	p.Exe = "/bin/sh"
	pr.start(StartOptions{})
	stale := func() bool {
		return strings.Contains(pr.process("gateway").Detail, "runs with another configuration than "+conf)
	}
	if stale() {
		t.Errorf("it has read it at its start: %+v", pr.process("gateway"))
	}
	write(t, conf, "two")
	if !stale() {
		t.Errorf("the status says nothing: %+v", pr.process("gateway"))
	}
	told, err := pr.client().Reread(t.Context())
	if err == nil || len(told) > 0 || !strings.Contains(err.Error(), "gateway has not read "+conf) {
		t.Errorf("told %v: %v", told, err)
	}
	if !stale() {
		t.Errorf("the status says nothing any more: %+v", pr.process("gateway"))
	}
}
