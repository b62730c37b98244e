package targets_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The targets that teams are used to.
const shimTargets = `help install setup install-nginx check-nginx verify-nginx
	backend-manager-start backend-manager-stop backend-manager-status backend-manager-restart
	backend-manager-gen-nginx-conf run-multi logs-tail logs-tail-nginx logs-clean health kill-dev
	dev-backend dev-frontend dev-fullstack dev-fullstack-multi watch-specs-frontend watch-specs-python
	generate-clients generate-python-clients generate-openapi-client generate-asyncapi-types
	export-openapi-spec export-asyncapi-spec test-all lint-all clean-generated clean-all`

func TestTheShimHasEveryTargetAndDelegatesToOneThatIs(t *testing.T) {
	t.Parallel()
	makefile := readRepo(t, "project.mk") + readRepo(t, "templates/muster.mk")
	there := muster(t, "-l")
	recipe := regexp.MustCompile(`(?m)^([a-z][a-z -]*): *; (.*)$`)
	var found []string
	for _, m := range recipe.FindAllStringSubmatch(makefile, -1) {
		found = append(found, strings.Fields(m[1])...)
		f := strings.Fields(m[2])
		if len(f) < 2 || f[0] != "$(muster-run)" {
			t.Errorf("%s does more than delegate: %s", m[1], m[2])
			continue
		}
		target := f[1]
		if target == "-l" {
			continue
		}
		if !regexp.MustCompile(`(?m)^  ` + regexp.QuoteMeta(target) + ` `).MatchString(there) {
			t.Errorf("%s hands on to %s, which is not there", m[1], target)
			continue
		}
		help := muster(t, "-h", target)
		flags := []string{}
		for _, arg := range f[2:] {
			switch {
			case arg == "$(muster-config)":
				flags = append(flags, "-config")
			case arg == "$(muster-output)":
				flags = append(flags, "-output")
			case strings.HasPrefix(arg, "-"):
				name, _, _ := strings.Cut(arg, "=")
				flags = append(flags, name)
			default:
				t.Errorf("%s: what is %s?", m[1], arg)
			}
		}
		for _, flag := range flags {
			if !strings.Contains(help, flag) {
				t.Errorf("%s gives %s to %s, which does not know it:\n%s", m[1], flag, target, help)
			}
		}
	}
	want := strings.Fields(shimTargets)
	for _, target := range want {
		if !slices.Contains(found, target) {
			t.Errorf("project.mk has no target %s", target)
		}
	}
	// What has no recipe of its own is not seen above.
	cmd := exec.Command("make", append([]string{"-n", "-f", filepath.Join(os.Getenv(repoVar), "project.mk")}, want...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("make -n: %v\n%s", err, out)
	}
}

func TestTheBackendsMakefileHandsOnToTheShim(t *testing.T) {
	t.Parallel()
	file := filepath.Join(os.Getenv(repoVar), "example", "backend", "Makefile")
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	for target := range strings.FieldsSeq(shimTargets) {
		cmd := exec.Command("make", "-n", target)
		cmd.Dir = filepath.Dir(file)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "project.mk") {
			t.Errorf("make %s in example/backend: %v\n%s", target, err, out)
		}
	}
}

func readRepo(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(os.Getenv(repoVar), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func muster(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(os.Getenv(binaryVar), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("muster %v: %v\n%s", args, err, out)
	}
	return string(out)
}
