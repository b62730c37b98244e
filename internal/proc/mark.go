package proc

import (
	"bytes"
	"slices"
	"strings"

	"muster/internal/local"
)

// Mark is what every process that we start carries in its environment, and
// whatever it starts in turn. By it a process is known as ours even when nothing
// else remembers it.
type Mark struct {
	Project local.Dir
	Process string // its name
}

const (
	markProject = "MUSTER_PROJECT"
	markProcess = "MUSTER_PROCESS"
)

func (m Mark) variables() []string {
	return []string{markProject + "=" + string(m.Project), markProcess + "=" + m.Process}
}

// on tells whether an environment, as environ reads it, has the mark.
func (m Mark) on(env []byte) bool {
	return !slices.ContainsFunc(m.variables(), func(v string) bool { return !hasVariable(env, v) })
}

// WithoutMark is an environment less the mark of whatever we were started by.
func WithoutMark(env []string) []string {
	return slices.DeleteFunc(env, func(kv string) bool {
		return strings.HasPrefix(kv, markProject+"=") || strings.HasPrefix(kv, markProcess+"=")
	})
}

// Marked tells whether a process carries a project's mark.
func Marked(pid int, project local.Dir) bool {
	env, err := environ(pid)
	return err == nil && ofProject(env, project)
}

func ofProject(env []byte, project local.Dir) bool {
	return hasVariable(env, markProject+"="+string(project))
}

func hasVariable(env []byte, variable string) bool {
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if string(v) == variable {
			return true
		}
	}
	return false
}
