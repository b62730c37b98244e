package export_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"gopkg.in/yaml.v3"

	"muster/internal/export"
)

// evil are words that a shell, Compose or Kubernetes could take for something else.
var evil = []string{"it's", `"`, "$(touch owned)", "`touch owned`", "a b", "$HOME", "$$x", "${A}", ";", "&", "\\", "*", "", "$(A)", "{port}x", "}"}

func evilFile() string {
	var list []string
	for _, w := range evil {
		list = append(list, strconv.Quote(strings.ReplaceAll(w, "$", "$$")))
	}
	return "workers:\n  w:\n    image: i\n    port: 8001\n    command: [printf, '%s\\n', " + strings.Join(list, ", ") + ", 'x${SECRET}y', '${NO:-a\"b`echo $$HOME`}']\n" +
		"    env: {PASSWORD: '${SECRET}', TEXT: 'it''s $$(x)', BOTH: 'a ${SECRET}'}\n"
}

// meant is what the command of evilFile prints.
func meant() string {
	var b strings.Builder
	for _, w := range evil {
		b.WriteString(strings.ReplaceAll(w, "{port}", "8001") + "\n")
	}
	return b.String() + "xs'e \"cr$et`y\na\"b`echo $HOME`\n"
}

func TestALineOfAProcfileIsReadByAShellAsItIsMeant(t *testing.T) {
	t.Setenv("SECRET", "s'e \"cr$et`")
	text, _, err := export.Procfile(source(t, evilFile()), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "cr$et") {
		t.Errorf("the secret is written: %s", text)
	}
	name, line, _ := strings.Cut(strings.TrimSuffix(string(text), "\n"), ": ")
	out, err := exec.Command("sh", "-c", line).CombinedOutput()
	if err != nil || name != "w" || string(out) != meant() {
		t.Errorf("%v\n%s\nprints\n%s\nwant\n%s", err, text, out, meant())
	}
	shown := strings.Replace(line, " printf ", " sh -c 'echo \"$PASSWORD|$TEXT|$BOTH\"' ", 1)
	if out, err := exec.Command("sh", "-c", shown).CombinedOutput(); err != nil || string(out) != "s'e \"cr$et`|it's $(x)|a s'e \"cr$et`\n" {
		t.Errorf("%v: %s", err, out)
	}
}

func TestALineBreakIsNoLineOfAProcfile(t *testing.T) {
	_, _, err := export.Procfile(source(t, "workers:\n  w: {command: [x, \"a\\nb: evil\"]}\n"), export.Options{})
	if err == nil || !strings.Contains(err.Error(), "dev-config.yaml:2: workers.w has a line break") {
		t.Errorf("got %v", err)
	}
}

func TestKubernetesNamesSecretsAndEscapesTheRest(t *testing.T) {
	t.Setenv("SECRET", "hidden")
	files, _, err := export.Kubernetes(source(t, evilFile()), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Spec struct {
			Template struct {
				Spec struct {
					Containers []struct {
						Args []string
						Env  []struct{ Name, Value string }
					}
				}
			}
		}
	}
	for _, f := range files {
		if strings.Contains(string(f.Data), "hidden") {
			t.Errorf("the secret is in %s", f.Name)
		}
		if f.Name == "deployment-w.yaml" {
			if err := yaml.Unmarshal(f.Data, &d); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := d.Spec.Template.Spec.Containers[0]
	for _, want := range []string{"$$(touch owned)", "$$(A)", "$HOME", "$$x", "x$(SECRET)y", "8001x"} {
		if !slices.Contains(c.Args, want) {
			t.Errorf("%q is not among %q", want, c.Args)
		}
	}
	if got := fmt.Sprint(c.Env); got != "[{PASSWORD } {SECRET } {BOTH a $(SECRET)} {NO }]" {
		t.Errorf("the environment is %s", got)
	}
}

// command is what a service of Compose runs.
func command(t *testing.T, file, of string) (argv, test []string) {
	t.Helper()
	text, _, err := export.Compose(source(t, file), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Services map[string]struct {
			Command     []string
			Healthcheck struct{ Test []string }
		}
	}
	if err := yaml.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	plain := func(words []string) (out []string) {
		for _, w := range words {
			out = append(out, strings.ReplaceAll(w, "$$", "$"))
		}
		return out
	}
	return plain(p.Services[of].Command), plain(p.Services[of].Healthcheck.Test)
}

func TestATaskIsNotRunWhereItsUnlessSucceeds(t *testing.T) {
	for first, want := range map[string]string{"'true'": "", "'false'": "it's $(x)\n"} {
		argv, _ := command(t, "tasks:\n  t: {image: i, unless: ["+first+", \"it's; exit 1\"], command: [printf, '%s\\n', \"it's $$(x)\"]}\n", "t")
		out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("unless %s: %v %q, want %q", first, err, out, want)
		}
	}
}

func TestNginxAsksTheFirstDNSServerOfItsContainer(t *testing.T) {
	argv, _ := command(t, "nginx: {port: 8000}\nservers:\n  w: {port: 8001, image: i}\n", "nginx")
	for given, want := range map[string]string{
		"nameserver 127.0.0.11\noptions ndots:0\n":                             "127.0.0.11",
		"# x\nsearch dns.podman\nnameserver 10.89.0.1\nnameserver 192.0.2.1\n": "10.89.0.1",
		"nameserver fd00::1 # one":                                             "[fd00::1]",
		"options nameserver\n\n\tnameserver\t192.0.2.7":                        "192.0.2.7",
	} {
		dir := t.TempDir()
		resolv, conf := filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "resolver.conf")
		if err := os.WriteFile(resolv, []byte(given), 0o600); err != nil {
			t.Fatal(err)
		}
		script := strings.NewReplacer("/etc/resolv.conf", resolv, "/tmp/resolver.conf", conf, "exec nginx", "exec cat "+conf).Replace(argv[2])
		out, err := exec.Command(argv[0], argv[1], script).CombinedOutput()
		if want := "resolver " + want + " valid=5s ipv6=off;\n"; err != nil || string(out) != want {
			t.Errorf("%q: %v %q, want %q", given, err, out, want)
		}
	}
}

// TestHealthChecksTellWhatIsHealthy runs them, with what an image may have.
func TestHealthChecksTellWhatIsHealthy(t *testing.T) {
	var status atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI != "/up?a=$x;&b" && r.URL.Path != "/api/v1/health" {
			t.Errorf("asked for %s", r.RequestURI)
		}
		w.WriteHeader(int(status.Load()))
	}))
	s.Start()
	defer s.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	for name, c := range map[string]struct {
		file    string
		healthy []int
	}{
		"python":         {"servers:\n  w: {port: " + port + ", image: i, command: [python], health: {path: \"/up?a=$x;&b\"}}\n", []int{200, 204}},
		"guess":          {"servers:\n  w: {port: " + port + ", image: i}\n", []int{200, 204, 404}},
		"node":           {"servers:\n  w: {port: " + port + ", image: i, command: [npm, start], health: {path: \"/up?a=$x;&b\"}}\n", []int{200, 204}},
		"shell":          {"servers:\n  w: {port: " + port + ", image: i, command: [x], health: {path: \"/up?a=$x;&b\"}}\n", []int{200, 204}},
		"port of python": {"servers:\n  w: {port: " + port + ", image: i, command: [python], health: {tcp: true}}\n", []int{200, 204, 404, 500}},
		"port of node":   {"servers:\n  w: {port: " + port + ", image: i, command: [node], health: {tcp: true}}\n", []int{200, 204, 404, 500}},
		"port of x":      {"servers:\n  w: {port: " + port + ", image: i, command: [x], health: {tcp: true}}\n", []int{200, 204, 404, 500}},
	} {
		_, test := command(t, c.file, "w")
		program := test[1]
		if program == "python" {
			program = "python3"
		}
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("%s is not tried: %v", name, err)
			continue
		}
		for _, answer := range []int{200, 204, 404, 500} {
			status.Store(int32(answer))
			out, err := exec.Command(program, test[2:]...).CombinedOutput()
			if want := slices.Contains(c.healthy, answer); (err == nil) != want {
				t.Errorf("%s: %d is healthy: %v\n%s", name, answer, err == nil, out)
			}
		}
	}
	_, test := command(t, "servers:\n  w: {port: 1024, image: i, command: [python], health: {tcp: true}}\n", "w")
	if err := exec.Command("python3", test[2:]...).Run(); err == nil {
		t.Error("a port that nobody has is healthy")
	}
}
