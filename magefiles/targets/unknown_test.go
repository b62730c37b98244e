package targets_test

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func TestATargetThatIsNotIsRefusedWithTheOneThatIsMeant(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"backend:strat":              `there is no target "backend:strat" (did you mean backend:start?); -l lists all`,
		"-v logs:tial -only=x":       "did you mean logs:tail?",
		"-h specs:watchpithon":       "did you mean specs:watchPython?",
		"-t 1m dev:nothing-like-it":  "-l lists all",
		"nginx:gen backend:strat -x": "Unknown target", // by Mage, before anything runs
	} {
		out, err := exec.Command(os.Getenv(binaryVar), strings.Fields(args)...).CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
	}
}

// Each target of the package is known without Mage's list, and no other one.
func TestTheTargetsOfThePackageAreKnown(t *testing.T) {
	t.Parallel()
	list, source := muster(t, "-l"), readRepo(t, "magefiles/targets/unknown.go")
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t"(\w+)": +"(.*)",$`).FindAllStringSubmatch(source, -1) {
		for name := range strings.FieldsSeq(m[2]) {
			target := m[1] + ":" + name
			if known[target] = true; !strings.Contains(list, "  "+target+" ") {
				t.Errorf("there is no %s", target)
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^  (\w+:\w+)`).FindAllStringSubmatch(list, -1) {
		if space, _, _ := strings.Cut(m[1], ":"); !known[m[1]] && space != "bench" && space != "check" {
			t.Errorf("%s is not known", m[1])
		}
	}
}
